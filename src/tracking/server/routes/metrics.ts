/** @file /metrics: histories, whole or sampled. */
import { readColumns, readPage, readThinned, ALL_STEPS } from "../../chunks/read.ts";
import { type Columns, joinColumns, sliceColumns, sortColumns } from "../../chunks/columns.ts";
import { thin } from "../../chunks/thin.ts";
import { type Call, type Context, type Route, route } from "../context.ts";
import { invalid } from "../errors.ts";
import { type Fields, maxResults } from "../fields.ts";
import { pageOffset, pageToken } from "../paging.ts";
import { runRow, wireNumber } from "../wire.ts";
import { runId } from "./run-id.ts";

const MAX_PAGE = 25_000;
const MAX_RUNS = 100;
const MAX_SAMPLE = 2_500;

export function metricRoutes(context: Context): Route[] {
  const { connection } = context;

  /** A key's series: one for each data set and model it was measured on. */
  const seriesOf = (run: string, key: string): number[] =>
    connection
      .prepare<[number, string], number>(
        "SELECT id FROM series WHERE run = ? AND key = ? AND count > 0",
      )
      .pluck()
      .all(runRow(connection, run).serial, key);

  /** By timestamp, step and value, as MLflow orders them. */
  const page = (run: string, key: string, offset: number, limit: number): Columns => {
    const series = seriesOf(run, key);
    if (series.length === 1)
      return readPage(connection, series[0]!, ALL_STEPS, "time", offset, limit);
    const all = series.map((id) => readColumns(connection, id, ALL_STEPS, "time"));
    return sliceColumns(sortColumns(joinColumns(all), "time"), offset, offset + limit);
  };

  const history = ({ fields }: Call) => {
    const id = runId(fields);
    const key = fields.required("metric_key");
    const limit = maxResults(fields, MAX_PAGE, MAX_PAGE);
    const offset = pageOffset(fields);
    const columns = connection.snapshot("history", () => page(id, key, offset, limit + 1));
    const more = columns.steps.length > limit;
    const shown = more ? sliceColumns(columns, 0, limit) : columns;
    return {
      ...(shown.steps.length > 0 && { metrics: wirePoints(key, shown) }),
      ...(more && { next_page_token: pageToken(offset + limit) }),
    };
  };

  const bulk = ({ fields }: Call) => {
    const key = fields.required("metric_key");
    const runs = runIds(fields, ["run_id", "run_ids"]);
    let left = maxResults(fields, MAX_PAGE, MAX_PAGE);
    const metrics = connection.snapshot("bulk history", () =>
      runs.toSorted().flatMap((id) => {
        const points = wirePoints(key, page(id, key, 0, left), id);
        left -= points.length;
        return points;
      }),
    );
    return metrics.length > 0 ? { metrics } : {};
  };

  /** Each run's points, thinned so that every spike is seen, which an even stride would not show. */
  const interval = ({ fields }: Call) => {
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
    // Thinning wants room for the extremes; fewer points are cut from those.
    const room = Math.max(limit, 8);
    const metrics = connection.snapshot("history interval", () =>
      runs.flatMap((id) => {
        const parts = seriesOf(id, key).map((s) => readThinned(connection, s, range, room));
        const columns =
          parts.length === 1 ? parts[0]! : thin(sortColumns(joinColumns(parts), "step"), room);
        return wirePoints(key, evenly(columns, limit), id);
      }),
    );
    return metrics.length > 0 ? { metrics } : {};
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

function wirePoints(key: string, { steps, times, values }: Columns, run?: string): object[] {
  return Array.from(steps, (step, i) => ({
    key,
    value: wireNumber(values[i]!),
    timestamp: times[i]!,
    step,
    ...(run !== undefined && { run_id: run }),
  }));
}

/** First and last and what lies evenly between. */
function evenly(columns: Columns, limit: number): Columns {
  const { length } = columns.steps;
  if (length <= limit) return columns;
  const chosen = Array.from({ length: limit }, (_, i) =>
    limit === 1 ? length - 1 : Math.round((i * (length - 1)) / (limit - 1)),
  );
  const pick = (column: Float64Array): Float64Array => Float64Array.from(chosen, (i) => column[i]!);
  return { steps: pick(columns.steps), times: pick(columns.times), values: pick(columns.values) };
}
