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

function runsPath(experiment: string, what: string, query: object): string {
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

/** Rows of runs that were picked one by one. */
export async function pickedRows(
  experiment: string,
  serials: readonly number[],
  columns: readonly string[],
  deleted = false,
): Promise<RunRow[]> {
  const lifecycle = deleted ? "deleted" : "active";
  const rows: RunRow[] = [];
  for (let at = 0; at < serials.length; at += RUNS_A_REQUEST) {
    const runs = encodeRuns(serials.slice(at, at + RUNS_A_REQUEST));
    rows.push(...(await runRows(experiment, { runs, lifecycle }, columns)).rows);
  }
  return rows;
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
  await setTag(runId, NOTE_TAG, text);
}

export function setTag(runId: string, key: string, value: string): Promise<void> {
  return post("runs/set-tag", { run_id: runId, key, value });
}

export function deleteTag(runId: string, key: string): Promise<void> {
  return post("runs/delete-tag", { run_id: runId, key });
}

/** Takes a run out of sight; `restoreRun` brings it back until `rzenlab gc`. */
export function deleteRun(runId: string): Promise<void> {
  return post("runs/delete", { run_id: runId });
}

export function restoreRun(runId: string): Promise<void> {
  return post("runs/restore", { run_id: runId });
}

/** A write through MLflow's API, as any client's. */
async function post(path: string, body: object): Promise<void> {
  const response = await fetch(`/api/2.0/mlflow/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.ok) return;
  const { message } = (await response.json()) as { message?: string };
  throw new ApiError(message ?? `the server answered ${response.status}`);
}
