/** @file Who changed what: one JSON line each, in `<store>/audit.log`. */
import { appendFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

export type AuditEntry = {
  readonly time: string;
  readonly who: string;
  readonly address: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
};

const MAX_BYTES = 64 << 20;
const GATHER_MS = 500;

/** Lines are written together twice a second; one old file is kept. */
export class AuditLog {
  readonly #file: string;
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.#file = join(folder, "audit.log");
  }

  add(entry: AuditEntry): void {
    this.#lines.push(`${JSON.stringify(entry)}\n`);
    this.#timer ??= setTimeout(() => this.flush(), GATHER_MS).unref();
  }

  /** Writes what is gathered. A disk that refuses does not stop the server: the lines stay. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    try {
      const size = statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
      if (size > MAX_BYTES) renameSync(this.#file, `${this.#file}.1`);
      appendFileSync(this.#file, this.#lines.join(""), { mode: 0o600 });
      this.#lines = [];
    } catch {
      this.#lines = this.#lines.slice(-10_000);
    }
  }
}
