/** @file Records that wait on disk for a server that is away. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "../error.ts";
import { isAlive } from "../process.ts";
import type { DatasetRef } from "../types.ts";

/** What one request of `runs/log-batch` carries. */
export type SpooledBatch = {
  readonly metrics?: readonly SpooledPoint[];
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
};

export type SpooledPoint = {
  readonly key: string;
  /** Text for NaN and infinities, which JSON has no numbers for. */
  readonly value: number | string;
  readonly step: number;
  readonly timestamp: number;
  readonly dataset?: DatasetRef;
};

const EXTENSION = ".jsonl";

/**
 * A folder of files, one a run and process, one batch a line. Replaying a line twice does no harm:
 * servers drop a point they have. A line that a crash cut off was never acknowledged and is skipped.
 */
export class Spool {
  readonly folder: string;
  readonly #own = `.${process.pid}${EXTENSION}`;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Appends to this process's file of the run; on disk when it returns. */
  append(runId: string, batch: SpooledBatch): void {
    this.#write(runId + this.#own, batch);
  }

  /** Keeps what the server refuses for good where a person can look at it; returns the file. */
  reject(runId: string, batch: SpooledBatch): string {
    return this.#write(`${runId}.rejected${EXTENSION}`, batch);
  }

  /** Whether this process has batches of the run on disk. */
  has(runId: string): boolean {
    return existsSync(join(this.folder, runId + this.#own));
  }

  /** Files to replay: this process's and those of processes that are gone, by run. */
  waiting(): { readonly runId: string; readonly file: string }[] {
    if (!existsSync(this.folder)) return [];
    return readdirSync(this.folder).flatMap((name) => {
      const match = /^([\w-]+)\.(\d+)\.jsonl$/.exec(name);
      if (!match || (Number(match[2]) !== process.pid && isAlive(Number(match[2])))) return [];
      return [{ runId: match[1]!, file: join(this.folder, name) }];
    });
  }

  /** Batches of a file in the order they were appended. */
  read(file: string): SpooledBatch[] {
    const lines = readFileSync(file, "utf8").split("\n");
    return lines.flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as SpooledBatch];
      } catch {
        return []; // cut off by a crash, see above
      }
    });
  }

  remove(file: string): void {
    rmSync(file, { force: true });
  }

  #write(name: string, batch: SpooledBatch): string {
    const file = join(this.folder, name);
    try {
      mkdirSync(this.folder, { recursive: true });
      appendFileSync(file, `${JSON.stringify(batch)}\n`, { flush: true });
    } catch (error) {
      const text = `spool: cannot write ${file}: ${(error as Error).message}`;
      throw new StoreError("IO", text, { cause: error });
    }
    return file;
  }
}
