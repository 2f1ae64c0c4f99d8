/** @file /metrics: histories, whole or sampled. */
import { ALL_STEPS } from "../../chunks/read.ts";
import { type Call, type Context, type Route, route } from "../context.ts";
import { invalid } from "../errors.ts";
import { type Fields, maxResults } from "../fields.ts";
import { pageOffset } from "../paging.ts";
import { runId } from "./run-id.ts";

const MAX_PAGE = 25_000;
const MAX_RUNS = 100;
const MAX_SAMPLE = 2_500;

export function metricRoutes({ read }: Context): Route[] {
  const history = ({ fields, reply }: Call) =>
    read(reply, "history", {
      run: runId(fields),
      key: fields.required("metric_key"),
      limit: maxResults(fields, MAX_PAGE, MAX_PAGE),
      offset: pageOffset(fields),
    });

  const bulk = ({ fields, reply }: Call) =>
    read(reply, "bulk", {
      key: fields.required("metric_key"),
      runs: runIds(fields, ["run_id", "run_ids"]),
      limit: maxResults(fields, MAX_PAGE, MAX_PAGE),
    });

  const interval = ({ fields, reply }: Call) => {
    const key = fields.required("metric_key");
    const runs = runIds(fields, ["run_ids", "run_id"]);
    const fromStep = fields.integer("start_step");
    const toStep = fields.integer("end_step");
    if ((fromStep === undefined) !== (toStep === undefined)) {
      throw invalid("If either start step or end step are specified, both must be specified.");
    }
    if (fromStep !== undefined && fromStep > toStep!) {
      throw invalid(
        `end_step must be greater than start_step, got start_step ${fromStep} and end_step ${toStep}`,
      );
    }
    const limit = maxResults(fields, MAX_SAMPLE, MAX_SAMPLE);
    const range = fromStep === undefined ? ALL_STEPS : { fromStep, toStep: toStep! };
    return read(reply, "interval", { key, runs, limit, range });
  };

  return [
    route("GET /metrics/get-history", history),
    route("GET /metrics/get-history-bulk", bulk),
    route("GET /metrics/get-history-bulk-interval", interval),
  ];
}

function runIds(fields: Fields, names: readonly string[]): readonly string[] {
  const found = names.map((name) => fields.texts(name)).find((list) => list.length > 0) ?? [];
  if (found.length === 0) throw fields.absent(names[0]!);
  if (found.length <= MAX_RUNS) return [...new Set(found)];
  throw invalid(`At most ${MAX_RUNS} run_ids can be specified, got ${found.length}`);
}
