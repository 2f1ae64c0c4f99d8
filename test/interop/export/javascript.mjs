// An exported folder in @huggingface/transformers (argument 3: its package). Prints {kind: embeddings}.
import { readFileSync } from "node:fs";
import { dirname, basename } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, cases, library] = process.argv.slice(2);
const { AutoModel, AutoTokenizer, Tensor, env } = await import(pathToFileURL(library).href);
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);
const model = await AutoModel.from_pretrained(basename(folder), { dtype: "fp32" });
const tokenizer = await AutoTokenizer.from_pretrained(basename(folder));
const found = {};
for (const [kind, { tensors, plain }] of Object.entries(JSON.parse(readFileSync(cases, "utf8")))) {
  const made = Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
    name,
    new Tensor(dtype, dtype === "int64" ? data.map(BigInt) : data, shape),
  ]);
  // Their tokenizer makes the ids where the input is a text alone.
  const tokens = plain === undefined ? {} : tokenizer(plain, { padding: true });
  const { embedding } = await model({ ...Object.fromEntries(made), ...tokens });
  found[kind] = embedding.tolist();
}
console.log(JSON.stringify(found));
