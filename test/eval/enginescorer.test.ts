import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createExecutor } from "../../src/engine/index.ts";
import type { EngineScorer, EmbeddingMatrix, ScoredQuery } from "../../src/eval/index.ts";
import {
  createEngineScorer,
  plainScorer,
  scoreTask,
  toMatrix,
  unitRows,
} from "../../src/eval/index.ts";
import type { Pool } from "../../src/eval/index.ts";
import { makeTask, randomMatrix, testRandom } from "./support.ts";

let scorer: EngineScorer;
beforeAll(async () => {
  const executor = createExecutor("onnxruntime", { threads: 1 });
  scorer = await createEngineScorer({ executor, workers: 2, chunkRows: 1024, queryRows: 64 });
});
afterAll(() => scorer.close());

/** Pools over the whole corpus with up to `most` positives a query. */
function pools(queries: number, corpus: number, most: number, seed: number): Pool[] {
  const next = testRandom(seed);
  return Array.from({ length: queries }, (_, q) => {
    const rows = new Set(Array.from({ length: 1 + (q % most) }, () => Math.floor(next() * corpus)));
    return { rows: null, positives: [...rows].map((index, i) => ({ index, grade: 1 + (i % 2) })) };
  });
}

const ranksOf = (scored: readonly ScoredQuery[]): unknown[] =>
  scored.map((q) => q.positives.map(({ index, rank }) => [index, rank]));

describe("the engine scorer", () => {
  test.each([
    ["one chunk with a remainder of its own", 70, 300, 24, 1],
    ["whole chunks and no remainder", 30, 2048, 24, 1],
    ["several blocks of queries, chunks, and a remainder", 150, 1800, 33, 1],
    ["more positives than one pass counts", 65, 1300, 16, 11],
    ["one candidate more than a chunk", 3, 1025, 8, 2],
  ])("ranks like the plain one: %s", async (_, queryCount, corpus, dim, most) => {
    const request = {
      queries: unitRows(toMatrix(randomMatrix(queryCount, dim, 1), "q")),
      candidates: unitRows(toMatrix(randomMatrix(corpus, dim, 2), "c")),
      pools: pools(queryCount, corpus, most, 3),
      topK: 5,
    };
    const [fast, plain] = [await scorer.score(request), await plainScorer.score(request)];
    expect(ranksOf(fast)).toEqual(ranksOf(plain));
    expect(fast.map((q) => q.top.map((c) => c.index))).toEqual(
      plain.map((q) => q.top.map((c) => c.index)),
    );
    for (const [i, q] of fast.entries()) {
      expect(q.top[0]!.score).toBeCloseTo(plain[i]!.top[0]!.score, 6);
      expect(q.poolSize).toBe(corpus);
    }
  });

  test("copies what isn't in shared memory, to the same ranks", async () => {
    const rows = 3 * 1024 - 1; // the last chunk is padded to the size of the others
    const own = toMatrix(randomMatrix(rows, 16, 5), "c");
    const candidates = unitRows(own);
    const queries = unitRows(toMatrix(randomMatrix(20, 16, 6), "q"));
    const request = { queries, candidates, pools: pools(20, rows, 2, 7), topK: 3 };
    const copied = {
      ...request,
      candidates: { ...candidates, data: Float32Array.from(candidates.data) },
    };
    expect(copied.candidates.data.buffer).toBeInstanceOf(ArrayBuffer);
    expect(await scorer.score(copied)).toEqual(await scorer.score(request));
  });

  test("equal rows tie to the bit wherever they stand: chunk, remainder or first row", async () => {
    const dim = 37;
    const candidates = unitRows(toMatrix(randomMatrix(1300, dim, 8), "c"));
    const twins = [0, 1, 511, 512, 700, 1023, 1024, 1299];
    const row = candidates.data.slice(700 * dim, 701 * dim);
    for (const twin of twins) candidates.data.set(row, twin * dim);
    const queries = unitRows(toMatrix(randomMatrix(5, dim, 9), "q"));
    const all = Array.from({ length: 5 }, (): Pool => ({
      rows: null,
      positives: [{ index: 700, grade: 1 }],
    }));
    const scored = await scorer.score({ queries, candidates, pools: all, topK: 5 });
    const plain = await plainScorer.score({ queries, candidates, pools: all, topK: 5 });
    expect(ranksOf(scored)).toEqual(ranksOf(plain));
    expect(scored.map((q) => q.ties)).toEqual([7, 7, 7, 7, 7]);
  });

  test("a constant encoder ranks last, whatever the sign of its score and the padding", async () => {
    for (const sign of [1, -1]) {
      const candidates = { rows: 300, dim: 4, data: new Float32Array(1200).fill(sign * 0.5) };
      const queries = { rows: 2, dim: 4, data: new Float32Array(8).fill(0.5) };
      const all = [0, 299].map((index): Pool => ({ rows: null, positives: [{ index, grade: 1 }] }));
      const scored = await scorer.score({ queries, candidates, pools: all, topK: 5 });
      expect(scored.map((q) => q.positives[0]!.rank)).toEqual([300, 300]);
      expect(scored.map((q) => q.ties)).toEqual([299, 299]);
      expect(scored[0]!.top).toHaveLength(5);
      expect(scored[0]!.top.every((c) => c.index < 300)).toBe(true);
    }
  });

  test("serves scoreTask: global pools itself, local ones by the plain scorer", async () => {
    const ids = Array.from({ length: 900 }, (_, i) => `c${i}`);
    const queries = Array.from({ length: 90 }, (_, i) => ({ positives: { [`c${i * 10}`]: 1 } }));
    const local = queries.map((q, i) => ({ ...q, candidates: ids.slice(i * 10, i * 10 + 5) }));
    const embeddings: Record<string, EmbeddingMatrix> = {
      queryEmbeddings: randomMatrix(90, 12, 1),
      candidateEmbeddings: randomMatrix(900, 12, 2),
    };
    const { queryEmbeddings, candidateEmbeddings } = embeddings as Record<
      "queryEmbeddings" | "candidateEmbeddings",
      EmbeddingMatrix
    >;
    for (const spec of [queries, local]) {
      const task = makeTask(ids, spec);
      const options = { task, queryEmbeddings, candidateEmbeddings };
      const [fast, plain] = [await scoreTask({ ...options, scorer }), await scoreTask(options)];
      expect(fast.metrics).toEqual(plain.metrics);
      expect(fast.perQuery.map((q) => q.top.map((c) => c.id))).toEqual(
        plain.perQuery.map((q) => q.top.map((c) => c.id)),
      );
    }
  });

  test("holds a few chunks, not the matrix of all scores", async () => {
    const [queryCount, corpus, dim] = [1000, 20_000, 8];
    const request = {
      queries: unitRows(toMatrix(randomMatrix(queryCount, dim, 1), "q")),
      candidates: unitRows(toMatrix(randomMatrix(corpus, dim, 2), "c")),
      pools: pools(queryCount, corpus, 1, 3),
      topK: 5,
    };
    await scorer.score({
      ...request,
      queries: { ...request.queries, rows: 64 },
      pools: request.pools.slice(0, 64),
    });
    const before = process.memoryUsage().rss;
    await scorer.score(request);
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    expect(grown).toBeLessThan(60); // all scores would be 76 MiB
  });

  test("refuses sizes that don't divide into its steps", async () => {
    const executor = createExecutor("onnxruntime");
    await expect(createEngineScorer({ executor, chunkRows: 100 })).rejects.toThrow(
      "createEngineScorer: chunkRows must be a multiple of 512, got 100",
    );
    await expect(createEngineScorer({ executor, queryRows: 0 })).rejects.toThrow(
      "queryRows must be a multiple of 64, got 0",
    );
    await expect(createEngineScorer({ executor, workers: 0 })).rejects.toThrow(
      "workers must be a multiple of 1, got 0",
    );
  });
});
