/** @file Between MLflow's JSON and our records. Whole numbers may come as text, NaN always does. */
import type { Lifecycle, Point, RunStatus } from "../types.ts";

export type RemoteExperiment = {
  readonly id: string;
  readonly name: string;
  readonly lifecycle: Lifecycle;
  readonly artifactLocation: string;
  readonly tags: Readonly<Record<string, string>>;
};

/** A run as a server tells it. */
export type RemoteRun = {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly user: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly lifecycle: Lifecycle;
  readonly artifactUri: string;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Latest value of each key. */
  readonly metrics: Readonly<Record<string, number>>;
};

export type Json = { readonly [key: string]: unknown };

export function toExperiment(json: Json): RemoteExperiment {
  return {
    id: text(json["experiment_id"]),
    name: text(json["name"]),
    lifecycle: json["lifecycle_stage"] === "deleted" ? "deleted" : "active",
    artifactLocation: text(json["artifact_location"]),
    tags: pairs(json["tags"]),
  };
}

export function toRun(json: Json): RemoteRun {
  const info = object(json["info"]);
  const data = object(json["data"]);
  const end = info["end_time"];
  const metrics = list(data["metrics"]).map((m) => [text(m["key"]), number(m["value"])] as const);
  return {
    id: text(info["run_id"] ?? info["run_uuid"]),
    experimentId: text(info["experiment_id"]),
    name: text(info["run_name"]),
    user: text(info["user_id"]),
    status: text(info["status"]) as RunStatus,
    startTime: number(info["start_time"] ?? 0),
    endTime: end === undefined || end === null ? null : number(end),
    lifecycle: info["lifecycle_stage"] === "deleted" ? "deleted" : "active",
    artifactUri: text(info["artifact_uri"]),
    params: pairs(data["params"]),
    tags: pairs(data["tags"]),
    metrics: Object.fromEntries(metrics),
  };
}

export function toPoint(json: Json): Point {
  return {
    step: number(json["step"] ?? 0),
    timestamp: number(json["timestamp"] ?? 0),
    value: number(json["value"]),
  };
}

/** MLflow's text for what JSON has no number for. */
export function metricValue(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** `{a: 1}` -> `[{key: "a", value: "1"}]`. */
export function keyValues(
  record: Readonly<Record<string, string | number | boolean>>,
): { key: string; value: string }[] {
  return Object.entries(record).map(([key, value]) => ({ key, value: String(value) }));
}

export function object(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

export function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function pairs(value: unknown): Record<string, string> {
  return Object.fromEntries(list(value).map((one) => [text(one["key"]), text(one["value"])]));
}

function number(value: unknown): number {
  return typeof value === "number" ? value : Number(value);
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
