/** @file `rzenlab runs`: what is in the store. */
import { type RunStatus, RunReader } from "../../tracking/index.ts";
import type { GlobalOptions } from "../main.ts";
import { columns, duration, printResult } from "../output.ts";
import { placesOf } from "../places.ts";
import { oneOf, wholeNumber } from "../usage.ts";

const STATUSES: readonly RunStatus[] = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];

type RunsOptions = GlobalOptions & {
  readonly experiment?: string;
  readonly status?: string;
  readonly limit: string;
};

/** Lists runs, newest first. */
export async function runs(options: RunsOptions): Promise<void> {
  const limit = wholeNumber("limit", options.limit);
  const status =
    options.status === undefined ? undefined : oneOf("status", options.status, STATUSES);
  using store = RunReader.open(placesOf(options.home).store);
  const names = new Map(store.experiments({ lifecycle: "all" }).map((e) => [e.id, e.name]));
  const found = store.searchRuns({
    limit,
    ...(options.experiment === undefined
      ? {}
      : { experimentIds: [store.experiment(options.experiment).id] }),
    ...(status === undefined ? {} : { where: { attribute: "status", is: "=", value: status } }),
  });
  const rows = found.map((run) => [
    run.id,
    names.get(run.experimentId) ?? String(run.experimentId),
    run.name,
    run.status,
    new Date(run.startTime).toISOString().slice(0, 19).replace("T", " "),
    run.endTime === null ? "" : duration((run.endTime - run.startTime) / 1000),
    "loss" in run.metrics ? run.metrics["loss"].toFixed(4) : "",
  ]);
  const header = ["run", "experiment", "name", "status", "started (UTC)", "took", "loss"];
  const text = rows.length === 0 ? "no runs" : columns([header, ...rows]);
  printResult(options.json, { runs: found }, text);
}
