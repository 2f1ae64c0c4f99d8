/** @file The store's records as MLflow's JSON. Empty fields are left out, as clients expect. */
import type { Connection } from "../database.ts";
import { toNumber } from "../rows.ts";
import type { Experiment } from "../types.ts";
import { missing } from "./errors.ts";

/** JSON has neither NaN nor infinities: they travel as strings. */
export function wireNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

export function wirePairs(
  record: Readonly<Record<string, string>>,
): { key: string; value: string }[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

export function experimentRoot(experiment: number | string, location: string | null): string {
  return location ?? `mlflow-artifacts:/${experiment}`;
}

export function wireExperiment(
  experiment: Experiment & { readonly artifactLocation: string | null },
): Record<string, unknown> {
  const tags = wirePairs(experiment.tags);
  return {
    experiment_id: String(experiment.id),
    name: experiment.name,
    artifact_location: experimentRoot(experiment.id, experiment.artifactLocation),
    lifecycle_stage: experiment.lifecycle,
    creation_time: experiment.createdAt,
    last_update_time: experiment.updatedAt,
    ...(tags.length > 0 && { tags }),
  };
}

export type RunRow = {
  readonly serial: number;
  readonly id: string;
  readonly experiment: number;
  readonly name: string;
  readonly user: string;
  readonly status: string;
  readonly start_time: number;
  readonly end_time: number | null;
  readonly lifecycle: string;
  readonly location: string | null;
};

const RUN_COLUMNS = `r.serial, r.id, r.experiment, r.name, r.user, r.status, r.start_time, r.end_time,
  r.lifecycle, e.artifact_location AS location`;

export function wireRunInfo(row: RunRow): Record<string, unknown> {
  const root = experimentRoot(row.experiment, row.location).replace(/\/$/, "");
  return {
    run_uuid: row.id,
    run_id: row.id,
    run_name: row.name,
    experiment_id: String(row.experiment),
    user_id: row.user,
    status: row.status,
    start_time: row.start_time,
    ...(row.end_time !== null && { end_time: row.end_time }),
    artifact_uri: `${root}/${row.id}/artifacts`,
    lifecycle_stage: row.lifecycle,
  };
}

export function runRow(connection: Connection, runId: string): RunRow {
  const row = connection
    .prepare<[string], RunRow>(
      `SELECT ${RUN_COLUMNS} FROM runs r JOIN experiments e ON e.id = r.experiment WHERE r.id = ?`,
    )
    .get(runId);
  if (!row) throw missing(`Run with id=${runId} not found`);
  return row;
}

/** A run that was just made: it has tags and nothing else. */
export function wireNewRun(connection: Connection, runId: string): object {
  const row = runRow(connection, runId);
  const tags = connection
    .prepare<[number], { key: string; value: string }>(
      "SELECT key, value FROM tags WHERE run = ? ORDER BY key",
    )
    .all(row.serial);
  return { info: wireRunInfo(row), data: { tags }, inputs: {} };
}

type Metric = {
  readonly key: string;
  readonly value: number | string;
  readonly timestamp: number;
  readonly step: number;
};

/** Whole runs in the order of their serial numbers: seven queries, however many runs. */
export function wireRuns(
  connection: Connection,
  serials: readonly number[],
): { readonly info: Record<string, unknown> }[] {
  if (serials.length === 0) return [];
  const chosen = JSON.stringify(serials);
  const from = "(SELECT value FROM json_each(?))";
  const grouped = <Row extends { run: number }>(text: string): Map<number, Row[]> => {
    const groups = new Map<number, Row[]>();
    for (const row of connection.prepare<[string], Row>(text).all(chosen)) {
      const group = groups.get(row.run);
      if (group) group.push(row);
      else groups.set(row.run, [row]);
    }
    return groups;
  };
  type PairRow = { run: number; key: string; value: string };
  const rows = new Map(
    connection
      .prepare<[string], RunRow>(
        `SELECT ${RUN_COLUMNS} FROM runs r JOIN experiments e ON e.id = r.experiment WHERE r.serial IN ${from}`,
      )
      .all(chosen)
      .map((row) => [row.serial, row]),
  );
  const params = grouped<PairRow>(`SELECT run, key, value FROM params WHERE run IN ${from}`);
  const tags = grouped<PairRow>(`SELECT run, key, value FROM tags WHERE run IN ${from}`);
  // Ascending, so that of several data sets' series the latest is written last.
  const metrics = grouped<Metric & { run: number }>(
    `SELECT run, key, latest_value AS value, latest_timestamp AS timestamp, latest_step AS step
     FROM series WHERE run IN ${from} AND count > 0
     ORDER BY run, key, latest_step, latest_timestamp, latest_value`,
  );
  const inputs = grouped<InputRow>(
    `SELECT i.run, i.dataset, d.name, d.digest, d.source_type, d.source, d.schema, d.profile
     FROM inputs i JOIN datasets d ON d.id = i.dataset WHERE i.run IN ${from} ORDER BY i.dataset`,
  );
  const inputTags = grouped<PairRow & { dataset: number }>(
    `SELECT run, dataset, key, value FROM input_tags WHERE run IN ${from}`,
  );
  const models = grouped<{ run: number; direction: string; model: string; step: number }>(
    `SELECT run, direction, model, step FROM run_models WHERE run IN ${from}`,
  );
  const pairsOf = (groups: Map<number, PairRow[]>, serial: number): object[] =>
    (groups.get(serial) ?? []).map(({ key, value }) => ({ key, value }));
  return serials.map((serial) => {
    const latest = new Map<string, object>();
    for (const { key, value, timestamp, step } of metrics.get(serial) ?? []) {
      latest.set(key, { key, value: wireNumber(toNumber(value)), timestamp, step });
    }
    const datasets = (inputs.get(serial) ?? []).map((row) =>
      wireInput(
        row,
        (inputTags.get(serial) ?? []).filter((tag) => tag.dataset === row.dataset),
      ),
    );
    const linked = models.get(serial) ?? [];
    const modelInputs = linked.filter((m) => m.direction === "input");
    const modelOutputs = linked.filter((m) => m.direction === "output");
    return {
      info: wireRunInfo(rows.get(serial)!),
      data: omitEmpty({
        metrics: [...latest.values()],
        params: pairsOf(params, serial),
        tags: pairsOf(tags, serial),
      }),
      inputs: omitEmpty({
        dataset_inputs: datasets,
        model_inputs: modelInputs.map(({ model }) => ({ model_id: model })),
      }),
      ...(modelOutputs.length > 0 && {
        outputs: {
          model_outputs: modelOutputs.map(({ model, step }) => ({ model_id: model, step })),
        },
      }),
    };
  });
}

type InputRow = {
  readonly run: number;
  readonly dataset: number;
  readonly name: string;
  readonly digest: string;
  readonly source_type: string | null;
  readonly source: string | null;
  readonly schema: string | null;
  readonly profile: string | null;
};

function wireInput(row: InputRow, tags: readonly { key: string; value: string }[]): object {
  const { name, digest, source_type, source, schema, profile } = row;
  return {
    ...(tags.length > 0 && { tags: tags.map(({ key, value }) => ({ key, value })) }),
    dataset: omitNull({ name, digest, source_type, source, schema, profile }),
  };
}

/** Without the lists that hold nothing. */
export function omitEmpty(record: Readonly<Record<string, readonly unknown[]>>): object {
  return Object.fromEntries(Object.entries(record).filter(([, list]) => list.length > 0));
}

export function omitNull(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== null && value !== undefined),
  );
}
