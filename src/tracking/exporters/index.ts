/** @file Public names of the exporters. */
export { exportMlruns, type ExportResult } from "./mlruns.ts";
export { replayRuns, SOURCE_TAG } from "./replay.ts";
