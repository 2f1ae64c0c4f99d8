/** @file Small rows that belong to a run or an experiment. Call these inside a transaction. */
import type { Connection } from "./database.ts";
import { StoreError } from "./error.ts";
import type { Input, Lifecycle, ParamValue } from "./types.ts";
import { checkName, checkTag, paramNumber, paramText } from "./validate.ts";

/** MLflow's tag for a run's name; name and tag are kept equal. */
export const NAME_TAG = "mlflow.runName";

export type Pairs<Value = string> = Readonly<Record<string, Value>>;

/** An input to log: a data set and perhaps tags. */
export type NewInput = Pick<Input, "dataset"> & Partial<Input>;

export function insertParams(
  connection: Connection,
  run: { readonly serial: number; readonly id: string },
  params: Pairs<ParamValue>,
): void {
  const insert = connection.prepare("INSERT OR IGNORE INTO params VALUES (?, ?, ?, ?)");
  for (const [key, value] of Object.entries(params)) {
    const text = paramText(key, value);
    if (insert.run(run.serial, key, text, paramNumber(text)).changes > 0) continue;
    const { old } = connection
      .prepare<[number, string], { old: string }>(
        "SELECT value AS old FROM params WHERE run = ? AND key = ?",
      )
      .get(run.serial, key)!;
    if (old === text) continue;
    const error = `param ${key} of run ${run.id} is ${JSON.stringify(old)} and cannot become ${JSON.stringify(text)}`;
    throw new StoreError("PARAM_CHANGED", error);
  }
}

export function insertTags(connection: Connection, serial: number, tags: Pairs): void {
  const insert = connection.prepare(
    "INSERT INTO tags VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  );
  for (const [key, value] of Object.entries(tags)) {
    checkTag(key, value);
    if (key === NAME_TAG) {
      checkName("run name", value);
      connection.prepare("UPDATE runs SET name = ? WHERE serial = ?").run(value, serial);
    }
    insert.run(serial, key, value);
  }
}

export function insertInput(
  connection: Connection,
  run: { readonly serial: number; readonly experiment: number },
  { dataset, tags = {} }: NewInput,
): void {
  checkName("data set name", dataset.name);
  checkName("data set digest", dataset.digest);
  connection
    .prepare(
      `INSERT OR IGNORE INTO datasets
         (experiment, name, digest, source_type, source, schema, profile)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      run.experiment,
      dataset.name,
      dataset.digest,
      dataset.sourceType ?? null,
      dataset.source ?? null,
      dataset.schema ?? null,
      dataset.profile ?? null,
    );
  const { id } = connection
    .prepare<[number, string, string], { id: number }>(
      "SELECT id FROM datasets WHERE experiment = ? AND name = ? AND digest = ?",
    )
    .get(run.experiment, dataset.name, dataset.digest)!;
  connection.prepare("INSERT OR IGNORE INTO inputs VALUES (?, ?)").run(run.serial, id);
  const insertTag = connection.prepare(
    `INSERT INTO input_tags VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value`,
  );
  for (const [key, value] of Object.entries(tags)) {
    checkTag(key, value);
    insertTag.run(run.serial, id, key, value);
  }
}

export function experimentNamed(
  connection: Connection,
  name: string,
): { readonly id: number; readonly lifecycle: Lifecycle } | undefined {
  return connection
    .prepare<[string], { id: number; lifecycle: Lifecycle }>(
      "SELECT id, lifecycle FROM experiments WHERE name = ?",
    )
    .get(name);
}

export function insertExperiment(
  connection: Connection,
  name: string,
  tags: Pairs,
  now: number,
): number {
  const { lastInsertRowid } = connection
    .prepare("INSERT INTO experiments (name, created_at, updated_at) VALUES (?, ?, ?)")
    .run(name, now, now);
  updateExperiment(connection, Number(lastInsertRowid), tags, now);
  return Number(lastInsertRowid);
}

export function updateExperiment(
  connection: Connection,
  experimentId: number,
  tags: Pairs,
  now: number,
): void {
  const { changes } = connection
    .prepare("UPDATE experiments SET updated_at = ? WHERE id = ?")
    .run(now, experimentId);
  if (changes === 0) throw new StoreError("NOT_FOUND", `no experiment with id ${experimentId}`);
  const insert = connection.prepare(
    `INSERT INTO experiment_tags VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value`,
  );
  for (const [key, value] of Object.entries(tags)) {
    checkTag(key, value);
    insert.run(experimentId, key, value);
  }
}

/** Takes the runs along; restoring leaves out those that were deleted one by one. */
export function setExperimentLifecycle(
  connection: Connection,
  experimentId: number,
  lifecycle: Lifecycle,
  now: number,
): void {
  updateExperiment(connection, experimentId, {}, now);
  connection
    .prepare("UPDATE experiments SET lifecycle = ? WHERE id = ?")
    .run(lifecycle, experimentId);
  if (lifecycle === "deleted") {
    connection
      .prepare(
        `UPDATE runs SET lifecycle = 'deleted', deleted_at = ?, deleted_with_experiment = 1
         WHERE experiment = ? AND lifecycle = 'active'`,
      )
      .run(now, experimentId);
    return;
  }
  connection
    .prepare(
      `UPDATE runs SET lifecycle = 'active', deleted_at = NULL, deleted_with_experiment = 0
       WHERE experiment = ? AND deleted_with_experiment = 1`,
    )
    .run(experimentId);
}
