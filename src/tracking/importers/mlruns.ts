/** @file Runs of MLflow's file store, the `mlruns/` folder. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as Yaml from "yaml";
import { StoreError } from "../error.ts";
import type { NewInput } from "../records.ts";
import type { NewPoint, RunStatus } from "../types.ts";
import { artifactFolder, filesBelow } from "./artifacts.ts";
import type { ForeignRun, RunSource } from "./import.ts";
import type { MlflowOptions } from "./mlflow-sqlite.ts";

/** Numbers of MLflow's status in meta.yaml, from 1. */
export const STATUS_NUMBERS: readonly RunStatus[] = [
  "RUNNING",
  "SCHEDULED",
  "FINISHED",
  "FAILED",
  "KILLED",
];

type Meta = Readonly<Record<string, unknown>>;

/** Deleted experiments, which lie in `.trash`, come along. */
export function mlruns(folder: string, { artifacts }: MlflowOptions = {}): RunSource {
  if (!existsSync(folder)) throw new StoreError("NOT_FOUND", `import: no folder ${folder}`);
  const experiments = [folder, join(folder, ".trash")].flatMap((place) =>
    foldersWithMeta(place).map((name) => join(place, name)),
  );
  if (experiments.length === 0) {
    const text = `import: ${folder} is no mlruns folder (no <experiment>/meta.yaml in it)`;
    throw new StoreError("INVALID", text);
  }
  const warnings: string[] = [];
  return {
    warnings,
    *runs() {
      for (const experiment of experiments) {
        const { name } = readMeta(experiment);
        for (const id of foldersWithMeta(experiment)) {
          if (id === "datasets" || id === "models" || id === "traces") continue;
          yield readRun(join(experiment, id), String(name), artifacts, warnings);
        }
      }
    },
  };
}

function readRun(
  folder: string,
  experiment: string,
  proxied: string | undefined,
  warnings: string[],
): ForeignRun {
  const meta = readMeta(folder);
  const id = String(meta["run_id"] ?? meta["run_uuid"]);
  const status = STATUS_NUMBERS[Number(meta["status"]) - 1];
  if (status === undefined) {
    const text = `import: ${join(folder, "meta.yaml")}: status must be 1 to 5, got ${String(meta["status"])}`;
    throw new StoreError("INVALID", text);
  }
  const tags = textFiles(join(folder, "tags"));
  const uri = textOf(meta["artifact_uri"]) ?? "";
  // A folder that was moved still has its artifacts beside it.
  const beside = join(folder, "artifacts");
  const files = existsSync(beside)
    ? beside
    : artifactFolder(
        uri,
        dirname(folder),
        proxied ?? join(dirname(dirname(folder)), "mlartifacts"),
      );
  return {
    sourceId: id,
    experiment,
    name: textOf(meta["run_name"]) || tags["mlflow.runName"] || id,
    user: textOf(meta["user_id"]) ?? "",
    status,
    startTime: Number(meta["start_time"] ?? 0),
    endTime: typeof meta["end_time"] === "number" ? meta["end_time"] : null,
    lifecycle: meta["lifecycle_stage"] === "deleted" ? "deleted" : "active",
    params: textFiles(join(folder, "params")),
    tags,
    inputs: readInputs(folder),
    points: () => readPoints(join(folder, "metrics"), warnings),
    artifacts: function* () {
      if (files === undefined) return;
      for (const { path, file } of filesBelow(files)) yield { path, source: { file } };
    },
  };
}

function* readPoints(folder: string, warnings: string[]): Generator<NewPoint> {
  if (!existsSync(folder)) return;
  for (const { path: key, file } of filesBelow(folder)) {
    const lines = readFileSync(file, "utf8").split("\n");
    for (const [i, line] of lines.entries()) {
      if (line.trim() === "") continue;
      const [timestamp, value, step = "0", name, digest] = line.trim().split(" ");
      const point = {
        key,
        value: parseFloatOf(value!),
        timestamp: Number(timestamp),
        step: Number(step),
      };
      if (
        value === undefined ||
        !Number.isSafeInteger(point.timestamp) ||
        !Number.isSafeInteger(point.step)
      ) {
        warnings.push(`${file}:${i + 1}: not "time value step", got ${JSON.stringify(line)}`);
        continue;
      }
      yield name !== undefined && digest !== undefined
        ? { ...point, dataset: { name, digest } }
        : point;
    }
  }
}

/** Python writes nan, inf and -inf. */
export function parseFloatOf(text: string): number {
  const lower = text.toLowerCase();
  if (lower === "nan") return NaN;
  const infinity = /^([+-]?)inf(inity)?$/.exec(lower);
  return infinity ? (infinity[1] === "-" ? -Infinity : Infinity) : Number(text);
}

function readInputs(folder: string): NewInput[] {
  const place = join(folder, "inputs");
  return foldersWithMeta(place).flatMap((name) => {
    const input = readMeta(join(place, name));
    const source = join(dirname(folder), "datasets", String(input["source_id"]));
    if (input["source_type"] !== "DATASET" || !existsSync(join(source, "meta.yaml"))) return [];
    const meta = readMeta(source);
    const fields = [
      ["name", "name"],
      ["digest", "digest"],
      ["sourceType", "source_type"],
      ["source", "source"],
      ["schema", "schema"],
      ["profile", "profile"],
    ] as const;
    const known = fields.flatMap(([ours, theirs]) => {
      const text = textOf(meta[theirs]);
      return text === undefined ? [] : [[ours, text]];
    });
    const dataset = Object.fromEntries(known) as NewInput["dataset"];
    const tags = (input["tags"] ?? {}) as Record<string, unknown>;
    const texts = Object.entries(tags).map(([key, value]) => [key, String(value)]);
    return [{ dataset, tags: Object.fromEntries(texts) as Record<string, string> }];
  });
}

/** One file a key; keys with slashes are folders. */
function textFiles(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const pairs = [...filesBelow(folder)].map(({ path, file }) => [path, readFileSync(file, "utf8")]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Of a YAML value: numbers and booleans as written, anything nested not at all. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

function foldersWithMeta(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "meta.yaml")))
    .toSorted();
}

/** Loaded with the first file: few who open a store read or write this format. */
export const yaml = (): typeof Yaml => createRequire(import.meta.url)("yaml") as typeof Yaml;

function readMeta(folder: string): Meta {
  const file = join(folder, "meta.yaml");
  let meta: unknown;
  try {
    meta = yaml().parse(readFileSync(file, "utf8"));
  } catch (error) {
    const text = `import: ${file} is not YAML: ${(error as Error).message}`;
    throw new StoreError("INVALID", text, { cause: error });
  }
  if (typeof meta === "object" && meta !== null) return meta as Meta;
  throw new StoreError("INVALID", `import: ${file} is empty`);
}
