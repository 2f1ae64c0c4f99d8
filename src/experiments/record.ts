/** @file What the store learns of a run before its first step. */
import { userInfo } from "node:os";
import type { Task } from "../data/types.ts";
import type { RunWriter } from "../tracking/index.ts";
import type { TrainConfig } from "./config.ts";
import { resolveConfig } from "./config.ts";
import type { Environment } from "./environment.ts";
import { CODE_VERSION } from "./identity.ts";
import { MEMBER_TAG, TAGS } from "./tags.ts";

/** Tag of a run that answers a cell of a grid; the value names cell and replicate. */
export function memberTag(experiment: string, grid: string): string {
  return `${MEMBER_TAG}${experiment.replaceAll(/[^\w\-. ]/g, "_")}/${grid}`;
}

export type RunRecord = {
  readonly experiment: string;
  readonly name: string;
  readonly config: TrainConfig;
  readonly tasks: readonly Task[];
  readonly dataDigest: string;
  readonly startDigest: string | null;
  readonly environment: Environment;
  readonly tags?: Readonly<Record<string, string>>;
};

/** Creates the run with everything its numbers follow from. Returns its id. */
export function recordRun(store: RunWriter, record: RunRecord): string {
  const { config, environment } = record;
  const run = store.createRun({
    experimentId: store.getOrCreateExperiment(record.experiment),
    name: record.name,
    user: userInfo().username,
    params: flatten(config),
    tags: {
      [TAGS.commit]: environment.commit,
      [TAGS.dirty]: String(environment.dirtyDiff !== ""),
      [TAGS.machine]: environment.machine,
      [TAGS.data]: record.dataDigest,
      [TAGS.start]: record.startDigest ?? "random",
      [TAGS.code]: CODE_VERSION,
      ...record.tags,
    },
  });
  store.logArtifact(run.id, "config.json", JSON.stringify(config, null, 2));
  store.logArtifact(
    run.id,
    "environment.json",
    JSON.stringify({ ...environment, dirtyDiff: undefined }, null, 2),
  );
  if (environment.dirtyDiff !== "") store.logArtifact(run.id, "dirty.diff", environment.dirtyDiff);
  store.logInputs(
    run.id,
    record.tasks.map(({ name, digest, split }) => ({
      dataset: { name, digest, sourceType: "mini-MMEB" },
      tags: { "mlflow.data.context": split },
    })),
  );
  return run.id;
}

/** The config a run was started with, checked again. */
export function recordedConfig(store: Pick<RunWriter, "readArtifact">, runId: string): TrainConfig {
  return resolveConfig([JSON.parse(store.readArtifact(runId, "config.json").toString())]);
}

/** A config as params: dotted keys, one value each; empty records are left out. */
export function flatten(value: object, prefix = ""): Record<string, string | number | boolean> {
  const flat: Record<string, string | number | boolean> = {};
  for (const [name, inner] of Object.entries(value)) {
    const key = prefix + name.replaceAll(/[^\w\-. ]/g, "_");
    if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) {
      Object.assign(flat, flatten(inner, `${key}.`));
    } else if (typeof inner === "object") flat[key] = JSON.stringify(inner);
    else flat[key] = inner as string | number | boolean;
  }
  return flat;
}
