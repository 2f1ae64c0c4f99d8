/** @file Experiments, newest first, and their runs as rows. */
import type { FastifyInstance } from "fastify";
import type { Run, RunReader } from "../../tracking/index.ts";
import { MEMBER_TAG } from "../../experiments/tags.ts";
import type { ExperimentCard, RunRow } from "./types.ts";

export function experimentRoutes(app: FastifyInstance, store: RunReader): void {
  app.get("/api/ui/experiments", (): ExperimentCard[] =>
    store
      .experiments()
      .map((experiment) => cardOf(store, experiment))
      .filter(({ runs }) => runs > 0)
      .sort((a, b) => b.updatedAt - a.updatedAt),
  );
  app.get<{ Params: { name: string } }>("/api/ui/experiments/:name/runs", ({ params }): RunRow[] =>
    store.searchRuns({ experimentIds: [store.experiment(params.name).id] }).map(rowOf),
  );
}

function cardOf(
  store: RunReader,
  { id, name, updatedAt }: { id: number; name: string; updatedAt: number },
): ExperimentCard {
  const runs = store.searchRuns({ experimentIds: [id] });
  const times = runs.map(({ startTime, endTime }) => endTime ?? startTime);
  return {
    id,
    name,
    runs: runs.length,
    running: runs.filter(({ status }) => status === "RUNNING").length,
    failed: runs.filter(({ status }) => status === "FAILED").length,
    updatedAt: times.reduce((latest, time) => Math.max(latest, time), updatedAt),
    hasAblation: runs.some(({ tags }) =>
      Object.keys(tags).some((tag) => tag.startsWith(MEMBER_TAG)),
    ),
  };
}

/** A run as JSON carries it: values that are no numbers become null. */
export function rowOf({
  id,
  name,
  status,
  startTime,
  endTime,
  user,
  params,
  metrics,
  tags,
}: Run): RunRow {
  const finite = Object.entries(metrics).map(([key, value]) => [
    key,
    Number.isFinite(value) ? value : null,
  ]);
  return {
    id,
    name,
    status,
    startTime,
    endTime,
    user,
    params,
    tags,
    metrics: Object.fromEntries(finite),
  };
}
