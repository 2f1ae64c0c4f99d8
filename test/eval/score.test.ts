import { describe, expect, test } from "vitest";
import type { EmbeddingMatrix } from "../../src/eval/index.ts";
import { EvalError, plainScorer, rankOf, scoreTask, toMatrix } from "../../src/eval/index.ts";
import { makeTask, matrix, randomMatrix } from "./support.ts";

const letters = ["a", "b", "c", "d", "e"];
const axes = matrix(letters.map((_, i) => letters.map((__, j) => (i === j ? 1 : 0))));

describe("scoreTask", () => {
  test("ranks the whole corpus in global scope", async () => {
    const task = makeTask(letters, [{ positives: { b: 1 } }, { positives: { d: 1 } }]);
    const queryEmbeddings = matrix([
      [0.1, 0.9, 0.2, 0.3, 0.4],
      [0.9, 0.1, 0.2, 0.5, 0.4],
    ]);
    const score = await scoreTask({ task, queryEmbeddings, candidateEmbeddings: axes });
    expect(score.score).toBe(0.5);
    expect(score.perQuery.map((q) => q.best.rank)).toEqual([1, 2]);
    expect(score.perQuery[1]!.top.map((c) => c.id)).toEqual(["a", "d", "e", "c", "b"]);
    expect(score.perQuery[1]!.top.map((c) => c.grade)).toEqual([0, 1, 0, 0, 0]);
    expect(score.queries).toBe(2);
  });

  test("ranks only the query's own list in local scope", async () => {
    const task = makeTask(letters, [
      { positives: { b: 1 }, candidates: ["b", "c"] },
      { positives: { b: 1 }, candidates: ["a", "b", "c"] },
    ]);
    const row = [0.9, 0.8, 0.2, 0.85, 0.1];
    const score = await scoreTask({
      task,
      queryEmbeddings: matrix([row, row]),
      candidateEmbeddings: axes,
    });
    expect(score.perQuery.map((q) => q.best.rank)).toEqual([1, 2]);
    expect(score.perQuery.map((q) => q.poolSize)).toEqual([2, 3]);
  });

  test("a candidate named twice in a local list is ranked once", async () => {
    const task = makeTask(letters, [{ positives: { b: 1 }, candidates: ["a", "a", "b"] }]);
    const queryEmbeddings = matrix([[0.9, 0.8, 0, 0, 0]]);
    const score = await scoreTask({ task, queryEmbeddings, candidateEmbeddings: axes });
    expect(score.perQuery[0]!.best.rank).toBe(2);
  });

  test("is cosine: the length of a row plays no part, unless asked for dot", async () => {
    const task = makeTask(["a", "b"], [{ positives: { a: 1 } }]);
    const options = {
      task,
      queryEmbeddings: matrix([[3, 1]]),
      candidateEmbeddings: matrix([
        [1, 0],
        [2, 2],
      ]),
    };
    expect((await scoreTask(options)).score).toBe(1);
    expect((await scoreTask({ ...options, similarity: "dot" })).score).toBe(0);
  });

  test("uses grades by id and the task's own metric", async () => {
    const task = makeTask(letters, [{ positives: { d: 3, b: 2 } }], { metric: "ndcg_linear@5" });
    const queryEmbeddings = matrix([[5, 4, 3, 2, 1]]);
    const score = await scoreTask({ task, queryEmbeddings, candidateEmbeddings: axes });
    expect(score.score).toBeCloseTo(0.599243, 6);
    expect(score.perQuery[0]!.value).toBeCloseTo(0.599243, 6);
    expect(score.perQuery[0]!.positives).toEqual([
      { id: "b", grade: 2, rank: 2 },
      { id: "d", grade: 3, rank: 4 },
    ]);
  });

  test("the score is the mean of the per-query values", async () => {
    const task = makeTask(
      letters,
      letters.map((id) => ({ positives: { [id]: 1 } })),
    );
    const score = await scoreTask({
      task,
      queryEmbeddings: randomMatrix(5, 8, 1),
      candidateEmbeddings: randomMatrix(5, 8, 2),
    });
    const mean = score.perQuery.reduce((sum, q) => sum + q.value, 0) / 5;
    expect(score.score).toBeCloseTo(mean, 12);
  });

  test("ranks equal those of the definition, over a width that isn't a multiple of four", async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `c${i}`);
    const task = makeTask(
      ids,
      ids.map((id) => ({ positives: { [id]: 1 } })),
    );
    const queryEmbeddings = randomMatrix(40, 7, 3);
    const candidateEmbeddings = randomMatrix(40, 7, 4);
    const score = await scoreTask({
      task,
      queryEmbeddings,
      candidateEmbeddings,
      similarity: "dot",
    });
    for (const [q, result] of score.perQuery.entries()) {
      const scores = ids.map((_, c) => dot(queryEmbeddings, q, candidateEmbeddings, c));
      expect(result.best.rank).toBe(rankOf(scores, q));
    }
  });

  test("equal rows tie wherever they stand in the corpus", async () => {
    const row = [...randomMatrix(1, 33, 5).data].map(Number);
    const other = row.map((x) => -x);
    const task = makeTask(letters, [{ positives: { c: 1 } }]);
    const score = await scoreTask({
      task,
      queryEmbeddings: matrix([row]),
      candidateEmbeddings: matrix([row, other, row, other, row]),
      onError: "report",
    });
    expect(score.perQuery[0]!.best.rank).toBe(3);
  });
});

function dot(a: EmbeddingMatrix, i: number, b: EmbeddingMatrix, j: number): number {
  const dim = a.shape[1]!;
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += Number(a.data[i * dim + d]) * Number(b.data[j * dim + d]);
  return sum;
}

describe("preflight", () => {
  const task = makeTask(
    letters,
    letters.map((id) => ({ positives: { [id]: 1 } })),
    { name: "i2t/toy" },
  );
  const same = matrix(letters.map(() => [0.6, 0.8]));

  test("a constant encoder is refused by name", async () => {
    const call = scoreTask({ task, queryEmbeddings: same, candidateEmbeddings: same });
    await expect(call).rejects.toThrow(
      "i2t/toy: query embeddings: near-constant, two rows have a mean cosine of 1.00000",
    );
    await expect(call).rejects.toMatchObject({ code: "DEGENERATE_EMBEDDINGS" });
  });

  test("or scored and reported: hit@1 is 0, since ties count against the positive", async () => {
    const score = await scoreTask({
      task,
      queryEmbeddings: same,
      candidateEmbeddings: same,
      onError: "report",
    });
    expect(score.score).toBe(0);
    expect(score.findings.map((f) => f.code)).toEqual([
      "NEAR_CONSTANT",
      "DUPLICATE_ROWS",
      "NEAR_CONSTANT",
      "DUPLICATE_ROWS",
      "MANY_TIES",
    ]);
    expect(score.findings.at(-1)!.message).toBe(
      "i2t/toy: in 5 of 5 queries the best positive ties with a wrong candidate",
    );
  });

  test("NaN is refused even when only reports are asked for", async () => {
    const broken = matrix([
      [0, 1],
      [1, 0],
      [NaN, 1],
      [1, 1],
      [1, 2],
    ]);
    await expect(
      scoreTask({ task, queryEmbeddings: broken, candidateEmbeddings: same, onError: "report" }),
    ).rejects.toThrow("i2t/toy: query embeddings: NaN or infinity in 1 of 5 rows, first row 2");
  });

  test("zero rows are an error", async () => {
    const zero = matrix([
      [0, 1],
      [1, 0],
      [0, 0],
      [-1, 1],
      [1, -2],
    ]);
    await expect(
      scoreTask({ task, queryEmbeddings: zero, candidateEmbeddings: zero }),
    ).rejects.toThrow("i2t/toy: query embeddings: 1 of 5 rows are zero");
  });

  test("repeated rows are a warning", async () => {
    const twice = matrix([
      [0, 1],
      [1, 0],
      [0, 1],
      [-1, 1],
      [1, -2],
    ]);
    const score = await scoreTask({
      task,
      queryEmbeddings: randomMatrix(5, 2, 9),
      candidateEmbeddings: twice,
      onError: "report",
    });
    const repeated = score.findings.find((f) => f.code === "DUPLICATE_ROWS")!;
    expect(repeated.level).toBe("warning");
    expect(repeated.message).toContain("1 of 5 rows repeat an earlier one exactly");
  });

  test("ordinary embeddings pass without a word", async () => {
    const score = await scoreTask({ task, queryEmbeddings: axes, candidateEmbeddings: axes });
    expect(score.findings).toEqual([]);
    expect(score.score).toBe(1);
  });
});

describe("refusals", () => {
  const task = makeTask(letters, [{ positives: { a: 1 } }]);
  const query = matrix([[1, 0, 0, 0, 0]]);

  test("matrices that don't fit the task", async () => {
    await expect(
      scoreTask({ task, queryEmbeddings: axes, candidateEmbeddings: axes }),
    ).rejects.toThrow(
      "toy: query and candidate embeddings must be [1, dim] and [5, dim], got [5,5] and [5,5]",
    );
  });

  test("widths that differ", async () => {
    await expect(
      scoreTask({ task, queryEmbeddings: matrix([[1, 0]]), candidateEmbeddings: axes }),
    ).rejects.toThrow("must share a width, got 2 and 5");
  });

  test("what isn't a float matrix", () => {
    const flat: EmbeddingMatrix = { shape: [4], data: new Float32Array(4) };
    expect(() => toMatrix(flat, "q")).toThrow("q must be [rows, dim], got [4]");
    const ints: EmbeddingMatrix = { shape: [2, 2], data: new BigInt64Array(4) };
    expect(() => toMatrix(ints, "q")).toThrow("q must be floating point, got BigInt64Array");
    const short: EmbeddingMatrix = { shape: [2, 2], data: new Float32Array(3) };
    expect(() => toMatrix(short, "q")).toThrow(
      "q must hold rows * dim numbers, got 3 numbers for [2,2]",
    );
  });

  test.each([
    ["toy has no queries", makeTask(letters, [])],
    ["query q0 has no positive", makeTask(letters, [{ positives: {} }])],
    ["positive z is not in the corpus of 5", makeTask(letters, [{ positives: { z: 1 } }])],
    ["positive a must have a grade > 0, got 0", makeTask(letters, [{ positives: { a: 0 } }])],
    [
      "candidate z is not in the corpus of 5",
      makeTask(letters, [{ positives: { a: 1 }, candidates: ["a", "z"] }]),
    ],
    [
      "positive a is not among its 2 candidates",
      makeTask(letters, [{ positives: { a: 1 }, candidates: ["b", "c"] }]),
    ],
    [
      "has no candidates although the scope is local",
      makeTask(letters, [{ positives: { a: 1 } }], { scope: "local" }),
    ],
  ])("%s", async (message, broken) => {
    const queryEmbeddings =
      broken.queries.length === 0 ? { shape: [0, 5], data: new Float32Array(0) } : query;
    const call = scoreTask({ task: broken, queryEmbeddings, candidateEmbeddings: axes });
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toBeInstanceOf(EvalError);
  });

  test("the plain scorer is the default and says its name", () => {
    expect(plainScorer.name).toBe("plain");
  });
});
