/** @file Files of ours in the hands of those who read such files elsewhere. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Evaluator, Graph, Random, createExecutor } from "../../src/engine/index.ts";
import {
  NANO_TOKENIZER,
  Processor,
  TextTokenizer,
  assemble,
  bucketKey,
  buildEncoder,
  exportEncoder,
  initParameters,
  parseBucketKey,
  preset,
  writeSafetensors,
} from "../../src/model/index.ts";
import { python, runPython } from "./python.ts";

const folder = mkdtempSync(join(tmpdir(), "rzenlab-interop-"));
const config = preset("nano");
const state = initParameters(config, 7);

beforeAll(() => {
  python();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RUN_ONNX = `
import json, sys
import numpy as np, onnxruntime as ort
session = ort.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
types = {"int64": np.int64, "float32": np.float32, "bool": np.bool_}
feeds = {k: np.array(v["data"], dtype=types[v["dtype"]]).reshape(v["shape"]) for k, v in json.load(open(sys.argv[2])).items()}
[out] = session.run(["embedding"], feeds)
print(json.dumps({"shape": list(out.shape), "data": out.astype(float).ravel().tolist()}))
`;

test("an exported encoder gives the same embeddings in Python's onnxruntime", async () => {
  const random = Random.from(3, "pixels");
  const pixels = (): Uint8Array => Uint8Array.from({ length: 64 * 64 * 3 }, () => random.int(256));
  const processor = Processor.nano(config);
  const inputs = ["a red apple", "zwei Hunde"].map((text) =>
    processor.process({ text, pixels: { frames: 1, width: 64, height: 64, data: pixels() } }),
  );
  const { bucket, feeds } = assemble(inputs, config);
  const file = join(folder, "encoder.onnx");
  exportEncoder(state, config, file, { bucket });
  const plain = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape, data }]) => [
      name,
      { dtype, shape, data: Array.from(data as ArrayLike<number | bigint>, Number) },
    ]),
  );
  const fed = join(folder, "feeds.json");
  writeFileSync(fed, JSON.stringify(plain));
  const theirs = runPython(RUN_ONNX, file, fed) as { shape: number[]; data: number[] };

  const evaluator = await Evaluator.create({
    executor: createExecutor("onnxruntime"),
    state,
    build(key) {
      const graph = new Graph();
      graph.output("embedding", buildEncoder(graph, config, parseBucketKey(key)).embedding);
      return graph;
    },
  });
  const ours = (await evaluator.run(bucketKey(bucket), feeds))["embedding"]!;
  await evaluator.close();
  expect(theirs.shape).toEqual(ours.shape);
  expect(theirs.data).toBeAllclose(ours.data as Float32Array, { rtol: 0, atol: 1e-4 });
});

const READ_SAFETENSORS = `
import json, sys
from safetensors.numpy import load_file
print(json.dumps({k: [list(v.shape), float(v.astype("float64").sum())] for k, v in load_file(sys.argv[1]).items()}))
`;

test("the safetensors library reads every tensor we write", () => {
  const file = join(folder, "model.safetensors");
  writeSafetensors(file, state);
  const theirs = runPython(READ_SAFETENSORS, file) as Record<string, [number[], number]>;
  expect(Object.keys(theirs).toSorted()).toEqual([...state.keys()].toSorted());
  for (const [name, { shape, data }] of state) {
    const sum = (data as Float32Array).reduce((total, x) => total + x, 0);
    expect(theirs[name]![0], name).toEqual([...shape]);
    expect(theirs[name]![1], name).toBeCloseTo(sum, 3);
  }
});

const TOKENIZE = `
import json, sys
from tokenizers import Tokenizer
t = Tokenizer.from_file(sys.argv[1])
print(json.dumps([t.encode(s, add_special_tokens=False).ids for s in json.loads(sys.argv[2])]))
`;

test("Hugging Face's tokenizers gives the ids that we train on", () => {
  const texts = [
    "A red apple.",
    "Où est le café? naïve ÅNGSTRÖM",
    "Kyrgyzstan's capital is Bishkek (Бишкек)",
    "<|im_start|>Find a page:<|im_end|><|vision_start|><|vision_end|><|endoftext|>",
    "",
    "  spaces\tand\nlines  ",
  ];
  const tokenizer = TextTokenizer.fromFile(NANO_TOKENIZER);
  const theirs = runPython(TOKENIZE, NANO_TOKENIZER, JSON.stringify(texts));
  expect(theirs).toEqual(texts.map((text) => [...tokenizer.encode(text)]));
});
