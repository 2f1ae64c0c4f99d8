/** @file A run's scores on MMEB-V2 as the leaderboard's submission file. */
import type { FastifyInstance } from "fastify";
import type { Metrics } from "../../eval/metrics.ts";
import { MMEB_V2, mmebTask } from "../../eval/mmeb.ts";
import { type ScoredDataset, type Submission, submission } from "../../eval/submission.ts";
import type { Evaluation, RunReader } from "../../tracking/index.ts";
import { StoreError } from "../../tracking/index.ts";

/** What only the author knows; each is a tag `mmeb.<name>` of the run. */
const TEXTS = ["model_backbone", "model_size", "model_release_date", "url"] as const;
const NUMBERS = ["embedding_dimension", "max_length_tokens"] as const;

export function leaderboardRoutes(app: FastifyInstance, store: RunReader): void {
  app.get<{ Params: { id: string } }>("/api/ui/runs/:id/leaderboard", ({ params }, reply) => {
    const { id, name, tags } = store.run(params.id);
    const rows = store.evaluations({ runIds: [id] }).filter(({ split }) => split === "test");
    const made = leaderboardFile({ id, name, tags, rows, date: new Date().toISOString() });
    void reply.header("content-type", "application/json; charset=utf-8");
    void reply.header("content-disposition", `attachment; filename="${id}.mmeb.json"`);
    return reply.send(`${JSON.stringify(made, null, 2)}\n`);
  });
}

export type Scored = {
  readonly id: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly rows: readonly Evaluation[];
  /** ISO time of the file. */
  readonly date: string;
};

/**
 * Sets that were not scored are marked as the format marks them.
 *
 * @throws StoreError where the run has no score of MMEB-V2, or the file's metadata is not in its tags.
 */
export function leaderboardFile({ id, name, tags, rows, date }: Scored): Submission {
  const byTask = Map.groupBy(rows, ({ task }) => mmebTask(task)?.name);
  byTask.delete(undefined); // other benchmarks
  const main = MMEB_V2.filter((task) =>
    byTask.get(task.name)?.some(({ metric }) => metric === task.metric),
  );
  if (main.length === 0) {
    throw refused(`it has no score on any of MMEB-V2's ${MMEB_V2.length} data sets`);
  }
  const missing = [...TEXTS, ...NUMBERS].filter((key) => tags[`mmeb.${key}`] === undefined);
  if (missing.length > 0) {
    throw refused(`set its tags ${missing.map((key) => `mmeb.${key}`).join(", ")} first`);
  }
  const text = (key: string): string => tags[`mmeb.${key}`]!;
  const number = (key: string): number => {
    const value = Number(text(key));
    if (Number.isInteger(value) && value > 0) return value;
    throw refused(`its tag mmeb.${key} is "${text(key)}", expected a whole number above 0`);
  };
  const scores = main.map((task): ScoredDataset => {
    const own = byTask.get(task.name)!;
    // Metrics that were not recorded are left out of the file.
    const metrics = Object.fromEntries(own.map(({ metric, value }) => [metric, value]));
    return { name: task.name, metrics: metrics as Metrics, queries: own[0]!.n };
  });
  return submission(
    {
      model_name: tags["mmeb.model_name"] ?? name,
      model_backbone: text("model_backbone"),
      model_size: text("model_size"),
      embedding_dimension: number("embedding_dimension"),
      max_length_tokens: number("max_length_tokens"),
      model_release_date: text("model_release_date"),
      data_source: "Self-Reported",
      url: text("url"),
      report_generated_date: date,
    },
    scores,
  );

  function refused(why: string): StoreError {
    return new StoreError("INVALID", `run ${id} can't be a leaderboard file: ${why}`);
  }
}
