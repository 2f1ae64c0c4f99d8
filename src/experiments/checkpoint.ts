/** @file A run's state on disk: one safetensors file, replaced as a whole. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { State } from "../engine/index.ts";
import { openSafetensors, writeSafetensors } from "../model/index.ts";

export type Checkpoint = {
  readonly runId: string;
  /** Steps taken. */
  readonly step: number;
  /** The sampler after the batch of `step`: JSON. */
  readonly sampler: unknown;
  /** Parameters that train, Adam's moments and step count; frozen ones are the start's. */
  readonly state: State;
};

const FORMAT = "rzenlab-checkpoint-1";

/** A checkpoint that can't be used; `code` is BAD_CHECKPOINT, the message names file and reason. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
  readonly code = "BAD_CHECKPOINT";
}

/** Tensors and everything else in one file, so that a crash can't tear them apart. */
export async function writeCheckpoint(file: string, checkpoint: Checkpoint): Promise<void> {
  const { state, ...rest } = checkpoint;
  const metadata = { format: FORMAT, checkpoint: JSON.stringify(rest) };
  await mkdir(dirname(file), { recursive: true });
  writeSafetensors(file, state, { metadata });
}

/** The checkpoint in `file`, or null if none was written yet. */
export function readCheckpoint(file: string, runId: string): Checkpoint | null {
  if (!existsSync(file)) return null;
  const { state, metadata } = readAll(file);
  if (metadata["format"] !== FORMAT) {
    throw new CheckpointError(
      `${file}: expected format ${FORMAT}, got ${metadata["format"] ?? "none"}`,
    );
  }
  const rest = JSON.parse(metadata["checkpoint"]!) as Omit<Checkpoint, "state">;
  if (rest.runId !== runId) {
    throw new CheckpointError(`${file}: is of run ${rest.runId}, not of ${runId}`);
  }
  return { ...rest, state };
}

function readAll(file: string): { state: State; metadata: Readonly<Record<string, string>> } {
  try {
    const source = openSafetensors(file);
    try {
      const state = new Map(source.names.map((name) => [name, source.read(name)]));
      return { state, metadata: source.metadata };
    } finally {
      source.close();
    }
  } catch (error) {
    throw new CheckpointError(`${file}: ${(error as Error).message}`, { cause: error });
  }
}
