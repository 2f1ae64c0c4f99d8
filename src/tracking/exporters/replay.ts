/** @file Runs onto an MLflow server, by logging them again. */
import type { TrackingClient } from "../client/client.ts";
import type { RunReader } from "../reader.ts";
import type { Experiment, Run } from "../types.ts";
import type { ExportResult } from "./mlruns.ts";

/** Says which run of ours a run on the server is: replaying again leaves it alone. */
export const SOURCE_TAG = "rzenlab.source_run";

/** Logs every active run of the experiments that the server does not have yet. */
export async function replayRuns(
  store: RunReader,
  client: TrackingClient,
  experiments: readonly Experiment[],
  onRun?: (run: Run) => void,
): Promise<ExportResult> {
  const count = { runs: 0, points: 0, artifacts: 0 };
  for (const experiment of experiments) {
    const experimentId = await client.experimentId(experiment.name);
    for (const run of store.searchRuns({ experimentIds: [experiment.id], limit: 1_000_000 })) {
      onRun?.(run);
      if (await isThere(client, experimentId, run.id)) continue;
      const written = await replayRun(store, client, experiment.name, run);
      count.runs++;
      count.points += written.points;
      count.artifacts += written.artifacts;
    }
  }
  return count;
}

/** The tag is set at the end, so half a replay does not count. */
async function isThere(
  client: TrackingClient,
  experimentId: string,
  runId: string,
): Promise<boolean> {
  const filter = `tags.\`${SOURCE_TAG}\` = '${runId}'`;
  for await (const _ of client.searchRuns({ experimentIds: [experimentId], filter, limit: 1 })) {
    return true;
  }
  return false;
}

async function replayRun(
  store: RunReader,
  client: TrackingClient,
  experiment: string,
  run: Run,
): Promise<{ points: number; artifacts: number }> {
  const { name, params, startTime } = run;
  const tags = Object.fromEntries(
    Object.entries(run.tags).filter(([key]) => key !== "mlflow.runName"),
  );
  const logger = await client.startRun({ experiment, name, params, startTime });
  logger.setTags(tags);
  let points = 0;
  for (const { key, dataset } of store.series(run.id)) {
    for (const point of store.history(run.id, key, dataset ? { dataset } : {})) {
      logger.logAt({ key, ...point, ...(dataset ? { dataset } : {}) });
      if (++points % 1_000 === 0) await logger.flush();
    }
  }
  await logger.flush();
  const inputs = store
    .inputs(run.id)
    .map(({ dataset, tags: { "mlflow.data.context": context } }) =>
      context === undefined ? { dataset } : { dataset, context },
    );
  if (inputs.length > 0) await client.logInputs(logger.runId, inputs);
  const artifacts = store.artifacts(run.id);
  for (const { path } of artifacts) {
    await client.logArtifact(logger.runId, path, { file: store.artifactPath(run.id, path) });
  }
  logger.setTags({ [SOURCE_TAG]: run.id });
  await logger.close();
  await client.setStatus(logger.runId, run.status, run.endTime);
  return { points, artifacts: artifacts.length };
}
