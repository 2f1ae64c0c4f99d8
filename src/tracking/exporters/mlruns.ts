/** @file Runs into MLflow's file store, the `mlruns/` folder. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createHash } from "node:crypto";
import { StoreError } from "../error.ts";
import { STATUS_NUMBERS, yaml } from "../importers/mlruns.ts";
import type { RunReader } from "../reader.ts";
import type { Experiment, Run } from "../types.ts";

export type ExportResult = {
  readonly runs: number;
  readonly points: number;
  readonly artifacts: number;
};

/** Writes whole experiments into a folder that must not hold them yet. */
export function exportMlruns(
  store: RunReader,
  folder: string,
  experiments: readonly Experiment[],
): ExportResult {
  const count = { runs: 0, points: 0, artifacts: 0 };
  for (const experiment of experiments) {
    const place = join(folder, String(experiment.id));
    if (existsSync(place)) throw new StoreError("EXISTS", `export: ${place} exists already`);
    writeYaml(join(place, "meta.yaml"), {
      artifact_location: uriOf(place),
      creation_time: experiment.createdAt,
      experiment_id: String(experiment.id),
      last_update_time: experiment.updatedAt,
      lifecycle_stage: experiment.lifecycle,
      name: experiment.name,
    });
    for (const [key, value] of Object.entries(experiment.tags)) {
      writeText(join(place, "tags", key), value);
    }
    const search = { experimentIds: [experiment.id], lifecycle: "all", limit: 1_000_000 } as const;
    for (const run of store.searchRuns(search)) {
      const written = writeRun(store, join(place, run.id), run);
      count.runs++;
      count.points += written.points;
      count.artifacts += written.artifacts;
    }
  }
  return count;
}

function writeRun(
  store: RunReader,
  place: string,
  run: Run,
): { points: number; artifacts: number } {
  writeYaml(join(place, "meta.yaml"), {
    artifact_uri: uriOf(join(place, "artifacts")),
    end_time: run.endTime,
    entry_point_name: "",
    experiment_id: String(run.experimentId),
    lifecycle_stage: run.lifecycle,
    run_id: run.id,
    run_name: run.name,
    run_uuid: run.id,
    source_name: "",
    source_type: 4,
    source_version: "",
    start_time: run.startTime,
    status: STATUS_NUMBERS.indexOf(run.status) + 1,
    tags: [],
    user_id: run.user,
  });
  // MLflow expects these folders even when they are empty.
  for (const name of ["params", "metrics", "tags", "artifacts"]) {
    mkdirSync(join(place, name), { recursive: true });
  }
  for (const [key, value] of Object.entries(run.params))
    writeText(join(place, "params", key), value);
  for (const [key, value] of Object.entries(run.tags)) writeText(join(place, "tags", key), value);
  writeInputs(store, place, run);
  let artifacts = 0;
  for (const { path } of store.artifacts(run.id)) {
    const to = join(place, "artifacts", path);
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(store.artifactPath(run.id, path), to);
    artifacts++;
  }
  return { points: writeMetrics(store, place, run.id), artifacts };
}

function writeMetrics(store: RunReader, place: string, runId: string): number {
  const byKey = new Map<string, string[]>();
  let points = 0;
  for (const { key, dataset } of store.series(runId)) {
    const slot = dataset ? ` ${dataset.name} ${dataset.digest}` : "";
    // A name with a blank would shift the columns of MLflow's line.
    const legal = dataset && /\s/.test(dataset.name + dataset.digest) ? "" : slot;
    const lines = byKey.get(key) ?? [];
    for (const { timestamp, value, step } of store.history(
      runId,
      key,
      dataset ? { dataset } : {},
    )) {
      lines.push(`${timestamp} ${pythonFloat(value)} ${step}${legal}\n`);
      points++;
    }
    byKey.set(key, lines);
  }
  for (const [key, lines] of byKey) writeText(join(place, "metrics", key), lines.join(""));
  return points;
}

function writeInputs(store: RunReader, place: string, run: Run): void {
  for (const { dataset, tags } of store.inputs(run.id)) {
    const id = createHash("md5").update(`${dataset.name}${dataset.digest}`).digest("hex");
    writeYaml(join(dirname(place), "datasets", id, "meta.yaml"), {
      digest: dataset.digest,
      name: dataset.name,
      profile: dataset.profile ?? null,
      schema: dataset.schema ?? null,
      source: dataset.source ?? "",
      source_type: dataset.sourceType ?? "local",
    });
    writeYaml(
      join(
        place,
        "inputs",
        createHash("md5")
          .update(id + run.id)
          .digest("hex"),
        "meta.yaml",
      ),
      {
        destination_id: run.id,
        destination_type: "RUN",
        source_id: id,
        source_type: "DATASET",
        tags,
      },
    );
  }
}

function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return String(value);
}

function uriOf(folder: string): string {
  return pathToFileURL(resolve(folder)).href;
}

function writeYaml(file: string, content: Readonly<Record<string, unknown>>): void {
  writeText(file, yaml().stringify(content));
}

function writeText(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
