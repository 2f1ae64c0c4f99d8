/** @file Jobs that outlive the notebook: started apart, followed by their log, found again by what they do. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type ProcessMark, isAlive, lives, markOf } from "../tracking/index.ts";
import type { JobEvent, JobFile, JobMember, JobRequest } from "./job.ts";

/** An experiment that did not come to its end; the message says why. */
export class JobError extends Error {
  override readonly name = "JobError";
}

export type FollowOptions = {
  readonly tags: Readonly<Record<string, string>>;
  readonly onProgress: (event: Extract<JobEvent, { type: "progress" }>) => void;
  /** Ends the waiting, not the job. */
  readonly signal: AbortSignal | undefined;
};

const POLL_MS = 40;

/**
 * Does a request's work in a process of its own and waits for it. A process that already does the
 * same is followed instead: after an interrupt or a restart the cell picks up where it was.
 *
 * @throws the signal's reason when it aborts; the job goes on
 */
export async function inBackground(
  request: JobRequest,
  { tags, onProgress, signal }: FollowOptions,
): Promise<readonly JobMember[]> {
  const folder = join(request.places.home, "notebook");
  mkdirSync(folder, { recursive: true });
  const name = createHash("sha256").update(JSON.stringify(request)).digest("hex").slice(0, 24);
  const files = { log: join(folder, `${name}.log`), process: join(folder, `${name}.process`) };
  const pid = running(files) ?? start(request, tags, folder, name, files);
  for await (const event of follow(files.log, pid, signal)) {
    if (event.type === "progress") onProgress(event);
    else if (event.type === "done") return event.members;
    else throw new JobError(event.message);
  }
  const log = readFileSync(files.log, "utf8").trim().split("\n").slice(-5).join("\n");
  throw new JobError(`the process of the experiment (${pid}) died; its last words:\n${log}`);
}

type Files = { readonly log: string; readonly process: string };

function start(
  request: JobRequest,
  tags: JobFile["tags"],
  folder: string,
  name: string,
  files: Files,
): number {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify({ request, tags } satisfies JobFile));
  const log = openSync(files.log, "w");
  try {
    // A process group of its own, so that Ctrl-C at the notebook's terminal spares it.
    const child = spawn(process.execPath, [jobScript(), file], {
      detached: true,
      stdio: ["ignore", log, log],
    });
    if (child.pid === undefined) throw new JobError(`could not start ${process.execPath}`);
    child.unref();
    writeFileSync(files.process, JSON.stringify(markOf(child.pid)));
    return child.pid;
  } finally {
    closeSync(log);
  }
}

/** Id of the process that does this work now, if it lives. */
function running({ process: file }: Files): number | undefined {
  let mark: ProcessMark;
  try {
    mark = JSON.parse(readFileSync(file, "utf8")) as ProcessMark;
  } catch {
    return undefined; // never started, or cut off before it was
  }
  return lives(mark) ? mark.pid : undefined;
}

/** Events of a log as they are written, until the process is gone. */
async function* follow(
  log: string,
  pid: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobEvent> {
  const file = await open(log, "r");
  try {
    let rest = "";
    for (;;) {
      signal?.throwIfAborted();
      const last = !isAlive(pid); // asked before reading, so that its last words are read
      const { bytesRead, buffer } = await file.read(Buffer.alloc(65_536));
      const lines = (rest + buffer.toString("utf8", 0, bytesRead)).split("\n");
      rest = lines.pop()!;
      for (const line of lines) if (line.startsWith('{"type":')) yield JSON.parse(line) as JobEvent;
      if (bytesRead > 0) continue;
      if (last) return;
      await delay(POLL_MS);
    }
  } finally {
    await file.close();
  }
}

/** `job.ts` in the repository, `job.js` in the installed package. */
function jobScript(): string {
  const extension = import.meta.filename.endsWith(".ts") ? "ts" : "js";
  return fileURLToPath(new URL(`./job.${extension}`, import.meta.url));
}
