/** @file Small tasks and matrices for the tests of evaluation. */
import type { EmbeddingMatrix } from "../../src/eval/index.ts";
import type { Query, Task } from "../../src/data/types.ts";

type QuerySpec = { id?: string; positives: Record<string, number>; candidates?: string[] };

/** A text task over the candidate ids given; every query needs only its positives. */
export function makeTask(
  candidates: readonly string[],
  queries: readonly QuerySpec[],
  overrides: Partial<Task> = {},
): Task {
  return {
    name: "toy",
    modality: "image",
    metaTask: "I-RET",
    kind: "synthetic",
    split: "test",
    domain: "IND",
    scope: queries.some((q) => q.candidates !== undefined) ? "local" : "global",
    metric: "hit@1",
    queryInstruction: "",
    targetInstruction: "",
    temperatureGroup: "image-retrieval",
    queries: queries.map(({ id, positives, candidates: own }, i): Query => ({
      id: id ?? `q${i}`,
      item: { text: `query ${i}` },
      positives: new Map(Object.entries(positives)),
      ...(own === undefined ? {} : { candidates: own }),
    })),
    corpus: new Map(candidates.map((id) => [id, { text: id }])),
    digest: "0",
    ...overrides,
  };
}

export function matrix(rows: readonly (readonly number[])[]): EmbeddingMatrix {
  return { shape: [rows.length, rows[0]!.length], data: Float32Array.from(rows.flat()) };
}

/** A small generator for tests: uniform in [0, 1), mulberry32. */
export function testRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** [rows, dim] of values in [-1, 1). */
export function randomMatrix(rows: number, dim: number, seed: number): EmbeddingMatrix {
  const next = testRandom(seed);
  return {
    shape: [rows, dim],
    data: Float32Array.from({ length: rows * dim }, () => next() * 2 - 1),
  };
}
