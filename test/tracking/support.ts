/** @file A fresh store in a folder of its own, gone with the test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type NewRun, type Run, RunWriter } from "../../src/tracking/index.ts";

export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A store whose clock ticks one millisecond at each look. */
export function freshStore(): RunWriter {
  let time = 1_000;
  const store = RunWriter.open(freshFolder(), { now: () => time++ });
  onTestFinished(() => store.close());
  return store;
}

/** A run in the experiment `test`. */
export function freshRun(store: RunWriter, options: Partial<NewRun> = {}): Run {
  return store.createRun({ experimentId: store.getOrCreateExperiment("test"), ...options });
}

export const NO_RUN = "0".repeat(32);
