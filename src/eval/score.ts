/** @file A task and its embeddings -> scores, per-query results and findings. */
import type { Query, Task } from "../data/types.ts";
import type { EmbeddingMatrix, Matrix } from "./embeddings.ts";
import { taskMatrices, unitRows } from "./embeddings.ts";
import { EvalError } from "./error.ts";
import type { Metrics } from "./metrics.ts";
import { meanMetrics, metricOf, metricsOf } from "./metrics.ts";
import { poolsOf } from "./pool.ts";
import type { Finding } from "./preflight.ts";
import { checkEmbeddings, checkTies } from "./preflight.ts";
import type { ScoredQuery, Scorer } from "./scorer.ts";
import { plainScorer } from "./scorer.ts";

export type ScoreTaskOptions = {
  readonly task: Task;
  /** [task.queries.length, dim], in the order of `task.queries`. */
  readonly queryEmbeddings: EmbeddingMatrix;
  /** [task.corpus.size, dim], in the order of `task.corpus`. */
  readonly candidateEmbeddings: EmbeddingMatrix;
  /** Candidates kept with each query, for galleries; default 5. */
  readonly topK?: number;
  /** Default: the plain one. Large corpora want `createEngineScorer`. */
  readonly scorer?: Scorer;
  /** "dot" leaves the rows as they are; default "cosine". */
  readonly similarity?: "cosine" | "dot";
  /** What an error of the preflight does; NaN and infinity always throw. Default "throw". */
  readonly onError?: "throw" | "report";
};

/** One query's outcome, kept for paired statistics and galleries. */
export type QueryResult = {
  readonly id: string;
  /** The task's own metric for this query. */
  readonly value: number;
  /** The best positive: rank 1 means a hit. */
  readonly best: { readonly id: string; readonly score: number; readonly rank: number };
  /** Ranks of all positives, best first. */
  readonly positives: readonly {
    readonly id: string;
    readonly grade: number;
    readonly rank: number;
  }[];
  /** The best candidates, best first. `grade` is 0 for a wrong one. */
  readonly top: readonly { readonly id: string; readonly score: number; readonly grade: number }[];
  readonly poolSize: number;
};

export type TaskScore = {
  readonly name: string;
  readonly modality: Task["modality"];
  readonly metaTask: Task["metaTask"];
  readonly domain: Task["domain"];
  readonly kind: Task["kind"];
  readonly split: Task["split"];
  readonly metric: Task["metric"];
  /** Digest of the data the score is about. */
  readonly digest: string;
  /** The main metric, a fraction. */
  readonly score: number;
  readonly metrics: Metrics;
  /** The evaluator's `num_data` and `num_pred`; equal, since no query is ever dropped. */
  readonly queries: number;
  readonly perQuery: readonly QueryResult[];
  readonly findings: readonly Finding[];
};

/**
 * Ranks every query's pool by cosine and averages the metrics over queries.
 *
 * A tie counts against the positive. Every query of the task is scored or the call throws.
 */
export async function scoreTask({
  task,
  queryEmbeddings,
  candidateEmbeddings,
  topK = 5,
  scorer = plainScorer,
  similarity = "cosine",
  onError = "throw",
}: ScoreTaskOptions): Promise<TaskScore> {
  if (task.queries.length === 0) throw new EvalError("BAD_TASK", `${task.name} has no queries`);
  const sides = taskMatrices(task, queryEmbeddings, candidateEmbeddings);
  const findings = [
    ...checkEmbeddings(sides.queries, `${task.name}: query embeddings`),
    ...checkEmbeddings(sides.candidates, `${task.name}: candidate embeddings`),
  ];
  refuse(findings, onError);
  const prepare = (matrix: Matrix): Matrix => (similarity === "cosine" ? unitRows(matrix) : matrix);
  const scored = await scorer.score({
    queries: prepare(sides.queries),
    candidates: prepare(sides.candidates),
    pools: poolsOf(task),
    topK,
  });
  findings.push(...checkTies(scored, task.name));
  refuse(findings, onError);
  const ids = [...task.corpus.keys()];
  const metrics = meanMetrics(scored.map((query) => metricsOf(query.positives)));
  return {
    name: task.name,
    modality: task.modality,
    metaTask: task.metaTask,
    domain: task.domain,
    kind: task.kind,
    split: task.split,
    metric: task.metric,
    digest: task.digest,
    score: metrics[task.metric],
    metrics,
    queries: task.queries.length,
    perQuery: scored.map((query, i) => queryResult(task, task.queries[i]!, query, ids)),
    findings,
  };
}

function queryResult(
  task: Task,
  query: Query,
  scored: ScoredQuery,
  ids: readonly string[],
): QueryResult {
  const best = scored.positives[0]!;
  return {
    id: query.id,
    value: metricOf(scored.positives, task.metric),
    best: { id: ids[best.index]!, score: best.score, rank: best.rank },
    positives: scored.positives.map((p) => ({ id: ids[p.index]!, grade: p.grade, rank: p.rank })),
    top: scored.top.map(({ index, score }) => {
      const id = ids[index]!;
      return { id, score, grade: query.positives.get(id) ?? 0 };
    }),
    poolSize: scored.poolSize,
  };
}

function refuse(findings: readonly Finding[], onError: "throw" | "report"): void {
  const errors = findings.filter((f) => f.level === "error");
  const fatal = onError === "throw" ? errors : errors.filter((f) => f.code === "NON_FINITE");
  if (fatal.length === 0) return;
  throw new EvalError("DEGENERATE_EMBEDDINGS", fatal.map((f) => f.message).join("; "));
}
