/** @file What pages fetch, typed by the server's own records. */
import { queryOptions } from "@tanstack/react-query";
import type { QueryPage } from "../../plot/types.ts";
import type {
  AblationPage,
  ExperimentCard,
  Failure,
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

export function artifactAddress(runId: string, path: string): string {
  return `/api/ui/runs/${part(runId)}/artifacts/${path.split("/").map(part).join("/")}`;
}
