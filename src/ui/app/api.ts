/** @file What pages fetch, typed by the server's own records. */
import { queryOptions } from "@tanstack/react-query";
import { encodeRuns } from "../run-code.ts";
import type { QueryPage } from "../../plot/types.ts";
import type {
  AblationPage,
  Curves,
  ExperimentCard,
  Failure,
  OnnxSummary,
  PairedPage,
  RunChoice,
  RunDetail,
  RunRow,
  RunTable,
  SeriesPoints,
} from "../server/types.ts";

/** A request the server refused; the message is the server's own. */
class ApiError extends Error {
  override readonly name = "ApiError";
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await fetch(path, signal ? { signal } : {});
  const body = (await response.json()) as T | Failure;
  if (!response.ok) throw new ApiError((body as Failure).error);
  return body as T;
}

const part = encodeURIComponent;

export const experimentsQuery = queryOptions({
  queryKey: ["experiments"],
  queryFn: () => get<ExperimentCard[]>("/api/ui/experiments"),
});

export const ablationQuery = (experiment: string) =>
  queryOptions({
    queryKey: ["ablation", experiment],
    queryFn: () => get<AblationPage>(`/api/ui/experiments/${part(experiment)}/ablation`),
  });

/** Rows fetched at once. */
export const PAGE_ROWS = 100;

export function runsPath(experiment: string, what: string, query: object): string {
  const known = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(known.map(([key, value]) => [key, String(value)])).toString();
  return `/api/ui/experiments/${part(experiment)}/${what}?${text}`;
}

/** One page of the runs table. Gone from sight before it came, its request is given up. */
export const runPageQuery = (
  experiment: string,
  choice: RunChoice,
  columns: readonly string[],
  page: number,
) =>
  queryOptions({
    queryKey: ["runs", experiment, choice, columns, page],
    queryFn: ({ signal }) => {
      const place = { columns: columns.join(","), offset: page * PAGE_ROWS, limit: PAGE_ROWS };
      return get<RunTable>(runsPath(experiment, "runs", { ...choice, ...place }), signal);
    },
  });

/** Rows whole ("*") or in part, of up to `most` runs. */
export const runRowsQuery = (
  experiment: string,
  choice: RunChoice,
  columns: readonly string[],
  most: number,
) =>
  queryOptions({
    queryKey: ["runs", experiment, choice, columns, "up to", most],
    queryFn: () => runRows(experiment, choice, columns, most),
  });

/** Rows a request may bring. */
const CHUNK = 5_000;

export async function runRows(
  experiment: string,
  choice: RunChoice,
  columns: readonly string[],
  most = Number.POSITIVE_INFINITY,
): Promise<{ readonly total: number; readonly rows: readonly RunRow[] }> {
  const rows: RunRow[] = [];
  for (;;) {
    const limit = Math.min(CHUNK, most - rows.length);
    const place = { columns: columns.join(","), offset: rows.length, limit };
    const page = await get<RunTable>(runsPath(experiment, "runs", { ...choice, ...place }));
    rows.push(...page.rows);
    if (page.rows.length < limit || rows.length >= most) return { total: page.total, rows };
  }
}

/** Runs that an address holds with ease. */
const RUNS_A_REQUEST = 1_000;

/** Ids of runs that were picked by their serial numbers. */
export async function pickedIds(
  experiment: string,
  serials: readonly number[],
  lifecycle: "active" | "deleted",
): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < serials.length; at += RUNS_A_REQUEST) {
    const runs = encodeRuns(serials.slice(at, at + RUNS_A_REQUEST));
    const { rows } = await runRows(experiment, { runs, lifecycle }, []);
    ids.push(...rows.map(({ id }) => id));
  }
  return ids;
}

/** Serial numbers of all runs of a view, in its order. */
export const serialsQuery = (experiment: string, choice: RunChoice) =>
  queryOptions({
    queryKey: ["runs", experiment, choice, "serials"],
    queryFn: () => get<number[]>(runsPath(experiment, "serials", choice)),
  });

export const columnsQuery = (experiment: string) =>
  queryOptions({
    queryKey: ["columns", experiment],
    queryFn: () => get<string[]>(runsPath(experiment, "columns", {})),
  });

export const curvesQuery = (experiment: string, choice: RunChoice, key: string | undefined) =>
  queryOptions({
    queryKey: ["curves", experiment, choice, key],
    queryFn: () => get<Curves>(runsPath(experiment, "curves", { ...choice, key })),
  });

export const pairedQuery = (experiment: string, choice: RunChoice, against: string | undefined) =>
  queryOptions({
    queryKey: ["paired", experiment, choice, against],
    queryFn: () => get<PairedPage>(runsPath(experiment, "paired", { ...choice, against })),
  });

/** Values that runs have in a column, some of them if there are many. */
export const valuesQuery = (experiment: string, column: string) =>
  queryOptions({
    queryKey: ["values", experiment, column],
    queryFn: () => get<string[]>(runsPath(experiment, "values", { column })),
  });

/** Runs that are replicates of some grid's cells. */
export const membersQuery = (experiment: string) =>
  queryOptions({
    queryKey: ["runs", experiment, "members"],
    queryFn: () => get<RunRow[]>(runsPath(experiment, "members", {})),
  });

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id],
    queryFn: () => get<RunDetail>(`/api/ui/runs/${part(id)}`),
  });

export const seriesQuery = (id: string, key: string) =>
  queryOptions({
    queryKey: ["series", id, key],
    queryFn: () => get<SeriesPoints>(`/api/ui/runs/${part(id)}/series?key=${part(key)}`),
  });

export type QueryView = {
  readonly task: string;
  readonly configuration: string;
  readonly before: string;
  readonly offset: number;
};

export const queriesQuery = (experiment: string, view: QueryView) =>
  queryOptions({
    queryKey: ["queries", experiment, view],
    queryFn: () => {
      const query = new URLSearchParams({ ...view, offset: String(view.offset) });
      return get<QueryPage>(`/api/ui/experiments/${part(experiment)}/queries?${query}`);
    },
  });

export function exportAddress(experiment: string, format: string): string {
  return `/api/ui/experiments/${part(experiment)}/export/${format}`;
}

export function leaderboardAddress(runId: string): string {
  return `/api/ui/runs/${part(runId)}/leaderboard`;
}

export function artifactAddress(runId: string, path: string): string {
  return `/api/ui/runs/${part(runId)}/artifacts/${path.split("/").map(part).join("/")}`;
}

/** A file of a run as text. */
export const fileQuery = (runId: string, path: string) =>
  queryOptions({
    queryKey: ["file", runId, path],
    queryFn: async () => {
      const response = await fetch(artifactAddress(runId, path));
      const text = await response.text();
      if (!response.ok) throw new ApiError(`${path}: ${text}`);
      return text;
    },
  });

export const onnxQuery = (runId: string, path: string) =>
  queryOptions({
    queryKey: ["onnx", runId, path],
    queryFn: () =>
      get<OnnxSummary>(`/api/ui/runs/${part(runId)}/onnx/${path.split("/").map(part).join("/")}`),
  });

/** The tag in which MLflow keeps a run's description. */
export const NOTE_TAG = "mlflow.note.content";

export async function saveNote(runId: string, text: string): Promise<void> {
  await post("/api/2.0/mlflow/runs/set-tag", { run_id: runId, key: NOTE_TAG, value: text });
}

/** Runs that the server changes by one request, all of them or none. */
const RUNS_A_CHANGE = 10_000;

/** A request that changes runs; what takes it back has the same form. */
export type BulkRequest = { readonly path: string; readonly body: object };
/** `failure`: why it went no further; null if all was done. */
export type BulkOutcome = {
  readonly runs: number;
  readonly undo: readonly BulkRequest[];
  readonly failure: string | null;
};

export function deleteRuns(ids: readonly string[]): Promise<BulkOutcome> {
  return changeRuns("lifecycle", ids, (run_ids) => ({ run_ids, lifecycle: "deleted" }));
}

export function restoreRuns(ids: readonly string[]): Promise<BulkOutcome> {
  return changeRuns("lifecycle", ids, (run_ids) => ({ run_ids, lifecycle: "active" }));
}

export function tagRuns(ids: readonly string[], key: string, value: string): Promise<BulkOutcome> {
  return changeRuns("tags", ids, (run_ids) => ({ changes: [{ run_ids, tags: { [key]: value } }] }));
}

function changeRuns(
  what: string,
  ids: readonly string[],
  bodyOf: (ids: readonly string[]) => object,
): Promise<BulkOutcome> {
  const requests = [];
  for (let at = 0; at < ids.length; at += RUNS_A_CHANGE) {
    requests.push({ path: `/api/runs/${what}`, body: bodyOf(ids.slice(at, at + RUNS_A_CHANGE)) });
  }
  return bulk(requests);
}

/** One after another, up to the first that is refused. */
export async function bulk(requests: readonly BulkRequest[]): Promise<BulkOutcome> {
  const undo: BulkRequest[] = [];
  let runs = 0;
  for (const { path, body } of requests) {
    try {
      const done = await post<{ runs: number; undo: object }>(path, body);
      runs += done.runs;
      undo.unshift({ path, body: done.undo });
    } catch (error) {
      return { runs, undo, failure: (error as Error).message };
    }
  }
  return { runs, undo, failure: null };
}

async function post<T>(path: string, body: object): Promise<T> {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as T & { message?: string };
  if (response.ok) return answer;
  throw new ApiError(answer.message ?? `the server answered ${response.status}`);
}
