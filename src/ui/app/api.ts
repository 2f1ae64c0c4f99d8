/** @file What pages fetch, typed by the server's own records. */
import { queryOptions } from "@tanstack/react-query";
import type { QueryPage } from "../../plot/types.ts";
import type {
  AblationPage,
  ExperimentCard,
  Failure,
  OnnxSummary,
  RunDetail,
  RunRow,
  SeriesPoints,
} from "../server/types.ts";

/** A request the server refused; the message is the server's own. */
class ApiError extends Error {
  override readonly name = "ApiError";
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(path);
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

export const runsQuery = (experiment: string) =>
  queryOptions({
    queryKey: ["runs", experiment],
    queryFn: () => get<RunRow[]>(`/api/ui/experiments/${part(experiment)}/runs`),
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
