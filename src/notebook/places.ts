/** @file Where a notebook's runs lie and where they can be looked at. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { env } from "node:process";
import type { Places } from "../experiments/index.ts";

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

/** Address of a run in the tracker that `rzenlab server` serves. */
export function runAddress(runId: string): string {
  const tracker = env["RZENLAB_TRACKER"] ?? env["MLFLOW_TRACKING_URI"] ?? "http://127.0.0.1:5000";
  return `${tracker.replace(/\/$/, "")}/ui/run/${runId}`;
}

function upwards(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...upwards(parent)];
}
