/** @file `rzenlab import-runs` and `rzenlab export-runs`: the store and other tools' files and servers. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  exportMlruns,
  importRuns,
  mlflowSqlite,
  mlruns,
  replayRuns,
  RunReader,
  type RunSource,
  RunWriter,
  tensorboard,
  TrackingClient,
  wandbCsv,
} from "../../tracking/index.ts";
import type { GlobalOptions } from "../main.ts";
import { printResult } from "../output.ts";
import { placesOf } from "../places.ts";
import { oneOf, UsageError } from "../usage.ts";

const FORMATS = ["auto", "mlflow", "mlruns", "tensorboard", "wandb"] as const;
type Format = Exclude<(typeof FORMATS)[number], "auto">;

type ImportOptions = GlobalOptions & {
  readonly format: string;
  readonly experiment?: string;
  readonly artifacts?: string;
};

/** Imports what is not in the store yet; repeating it is harmless. */
export async function importFrom(path: string, options: ImportOptions): Promise<void> {
  const format = oneOf("format", options.format, FORMATS);
  const source = open(format === "auto" ? formatOf(path) : format, path, options);
  using store = RunWriter.open(placesOf(options.home).store);
  const result = importRuns(store, source, (run) =>
    process.stderr.write(`${run.experiment} / ${run.name}\n`),
  );
  const { runs, skipped, points, params, tags, artifacts, warnings } = result;
  const counts = `${runs} runs (${skipped} there already), ${points} points, ${params} params, ${tags} tags, ${artifacts} artifacts`;
  printResult(options.json, result, [counts, ...warnings.map((w) => `warning: ${w}`)].join("\n"));
}

type ExportOptions = GlobalOptions & { readonly to: string; readonly token?: string };

/** Experiments by name, all if none is named; to a folder, or by replay to an http address. */
export async function exportTo(names: readonly string[], options: ExportOptions): Promise<void> {
  using store = RunReader.open(placesOf(options.home).store);
  const experiments =
    names.length === 0 ? store.experiments() : names.map((name) => store.experiment(name));
  const result = /^https?:/.test(options.to)
    ? await replayRuns(store, clientOf(options), experiments, (run) =>
        process.stderr.write(`${run.name}\n`),
      )
    : exportMlruns(store, options.to, experiments);
  const { runs, points, artifacts } = result;
  const text = `${runs} runs, ${points} points, ${artifacts} artifacts -> ${options.to}`;
  printResult(options.json, result, text);
}

/** As MLflow's own client, credentials come from the environment. */
function clientOf({
  to,
  token = process.env["MLFLOW_TRACKING_TOKEN"],
}: ExportOptions): TrackingClient {
  const username = process.env["MLFLOW_TRACKING_USERNAME"];
  const password = process.env["MLFLOW_TRACKING_PASSWORD"] ?? "";
  if (token !== undefined) return new TrackingClient(to, { credentials: { token } });
  return new TrackingClient(
    to,
    username === undefined ? {} : { credentials: { username, password } },
  );
}

function open(format: Format, path: string, options: ImportOptions): RunSource {
  const { experiment, artifacts } = options;
  const named = experiment === undefined ? {} : { experiment };
  const placed = artifacts === undefined ? {} : { artifacts };
  if (format === "mlflow") return mlflowSqlite(path, placed);
  if (format === "mlruns") return mlruns(path, placed);
  return format === "tensorboard" ? tensorboard(path, named) : wandbCsv(path, named);
}

function formatOf(path: string): Format {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new UsageError(`import-runs: no file or folder ${path}`);
  if (stat.isFile()) return path.toLowerCase().endsWith(".csv") ? "wandb" : "mlflow";
  const isExperiment = (name: string): boolean =>
    statSync(join(path, name, "meta.yaml"), { throwIfNoEntry: false }) !== undefined;
  return readdirSync(path).some(isExperiment) ? "mlruns" : "tensorboard";
}
