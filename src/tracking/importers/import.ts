/** @file From runs of another tool to runs of the store: once, completely, and safe to repeat. */
import { createHash } from "node:crypto";
import type { ArtifactSource } from "../artifacts.ts";
import { StoreError } from "../error.ts";
import type { NewInput } from "../records.ts";
import type { Lifecycle, NewPoint, RunStatus } from "../types.ts";
import { MAX_VALUE, metricKey } from "../validate.ts";
import type { RunWriter } from "../writer.ts";

/** A run as an importer reads it; what is long is read only when it is asked for. */
export type ForeignRun = {
  /** Kept if it is 32 hexadecimal digits; else an id is made of it, the same at each import. */
  readonly sourceId: string;
  readonly experiment: string;
  readonly name: string;
  readonly user?: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly lifecycle?: Lifecycle;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly inputs?: readonly NewInput[];
  readonly points: () => Iterable<NewPoint>;
  readonly artifacts?: () => Iterable<{ readonly path: string; readonly source: ArtifactSource }>;
};

/** A place to import from: its runs, and what could not be read, in words. */
export type RunSource = {
  readonly runs: () => Iterable<ForeignRun>;
  readonly warnings: readonly string[];
};

export type ImportResult = {
  readonly runs: number;
  /** Runs that an earlier import had finished. */
  readonly skipped: number;
  readonly points: number;
  readonly params: number;
  readonly tags: number;
  readonly artifacts: number;
  readonly warnings: readonly string[];
};

/** Says whether an import of the run was finished: `partial`, then `complete`. */
export const IMPORT_TAG = "rzenlab.import";
const POINTS_A_COMMIT = 5_000;

/** Imports every run that is not there yet; one an earlier import left half done is completed. */
export function importRuns(
  store: RunWriter,
  source: RunSource,
  onRun?: (run: ForeignRun) => void,
): ImportResult {
  const count = { runs: 0, skipped: 0, points: 0, params: 0, tags: 0, artifacts: 0 };
  const warnings: string[] = [];
  for (const foreign of source.runs()) {
    onRun?.(foreign);
    const id = runIdOf(foreign.sourceId);
    const known = stateOf(store, id);
    if (known === "complete") {
      count.skipped++;
      continue;
    }
    const params = legal(foreign.params, `run ${foreign.name}: param`, warnings);
    const tags = legal(foreign.tags, `run ${foreign.name}: tag`, warnings);
    delete tags["mlflow.runName"]; // the store keeps it equal to the name
    if (known === undefined) begin(store, id, foreign);
    store.logBatch(id, { params, tags });
    if (foreign.inputs) store.logInputs(id, foreign.inputs);
    count.points += importPoints(store, id, foreign);
    for (const { path, source: content } of foreign.artifacts?.() ?? []) {
      store.logArtifact(id, path, content);
      count.artifacts++;
    }
    store.setTags(id, { [IMPORT_TAG]: "complete" });
    store.updateRun(id, { status: foreign.status, endTime: foreign.endTime });
    if (foreign.lifecycle === "deleted") store.deleteRun(id);
    count.runs++;
    count.params += Object.keys(params).length;
    count.tags += Object.keys(tags).length;
  }
  return { ...count, warnings: [...source.warnings, ...warnings] };
}

/** The id a run is imported under. */
export function runIdOf(sourceId: string): string {
  if (/^[0-9a-f]{32}$/.test(sourceId)) return sourceId;
  return createHash("sha256").update(sourceId).digest("hex").slice(0, 32);
}

function begin(store: RunWriter, id: string, foreign: ForeignRun): void {
  store.createRun({
    id,
    experimentId: store.getOrCreateExperiment(foreign.experiment),
    name: foreign.name,
    startTime: foreign.startTime,
    ...(foreign.user === undefined ? {} : { user: foreign.user }),
    tags: { [IMPORT_TAG]: "partial" },
  });
}

function stateOf(store: RunWriter, id: string): string | undefined {
  try {
    const { tags, name } = store.run(id);
    const state = tags[IMPORT_TAG];
    if (state !== undefined) return state;
    throw new StoreError(
      "EXISTS",
      `import: run ${id} (${name}) is in the store and was not imported`,
    );
  } catch (error) {
    if (error instanceof StoreError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

function importPoints(store: RunWriter, id: string, foreign: ForeignRun): number {
  let batch: NewPoint[] = [];
  let count = 0;
  const flush = (): void => {
    store.logMetrics(id, batch);
    count += batch.length;
    batch = [];
  };
  for (const point of foreign.points()) {
    batch.push({ ...point, key: metricKey(point.key) });
    if (batch.length === POINTS_A_COMMIT) flush();
  }
  flush();
  return count;
}

/** Keys made legal, texts cut to what the store takes, with a warning that names each. */
function legal(
  pairs: Readonly<Record<string, string>>,
  what: string,
  warnings: string[],
): Record<string, string> {
  const entries = Object.entries(pairs).map(([key, value]) => {
    if (value.length > MAX_VALUE) {
      warnings.push(`${what} ${key}: cut from ${value.length} to ${MAX_VALUE} characters`);
    }
    return [metricKey(key), value.slice(0, MAX_VALUE)] as const;
  });
  return Object.fromEntries(entries);
}
