/** @file Where a notebook's runs lie and where they can be looked at. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { env } from "node:process";
import type { Places } from "../experiments/index.ts";
import { DEFAULT_PORTS, runningServer } from "../tracking/index.ts";

/** Folder of data, runs and caches when nothing says otherwise. */
const HOME = ".rzenlab";

/**
 * The home folder: RZENLAB_HOME; else the nearest `.rzenlab` from here up; else one beside the
 * nearest package.json.
 */
export function homeFolder(from: string = process.cwd()): string {
  const named = env["RZENLAB_HOME"];
  if (named !== undefined && named !== "") return resolve(from, named);
  const folders = upwards(resolve(from));
  const has = (name: string) => (folder: string) => existsSync(join(folder, name));
  const owner = folders.find(has(HOME)) ?? folders.find(has("package.json")) ?? folders[0]!;
  return join(owner, HOME);
}

/** Data, runs and caches below a home. */
export function placesOf(home: string = homeFolder()): Places {
  return { home, dataRoot: join(home, "data", "mini-mmeb"), store: join(home, "store") };
}

/**
 * Address of a run in the tracker: RZENLAB_TRACKER, or MLFLOW_TRACKING_URI if that is a server; else
 * the server of this home's store that runs now; else where `rzenlab ui` will serve it.
 */
export function runAddress(runId: string, home: string = homeFolder()): string {
  const named = [env["RZENLAB_TRACKER"], env["MLFLOW_TRACKING_URI"]].find((address) =>
    /^https?:/.test(address ?? ""),
  );
  const tracker =
    named ?? runningServer(placesOf(home).store) ?? `http://127.0.0.1:${DEFAULT_PORTS.ui}`;
  return `${tracker.replace(/\/$/, "")}/ui/run/${runId}`;
}

function upwards(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...upwards(parent)];
}
