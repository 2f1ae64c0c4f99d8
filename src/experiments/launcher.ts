/** @file Where the runs of a grid are carried out. `local` is here; a cluster needs only another `Launcher`. */
import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TrainConfig } from "./config.ts";

/** A run to carry out, as JSON: it may travel to another process or machine. */
export type RunRequest = {
  readonly experiment: string;
  readonly name: string;
  readonly config: TrainConfig;
  readonly tags: Readonly<Record<string, string>>;
  /** Go on with this run from its last checkpoint instead of starting one. */
  readonly resume?: string;
};

/** Folders and files every process of a grid shares. */
export type Places = {
  /** Prepared data. */
  readonly dataRoot: string;
  /** Checkpoints and caches. */
  readonly home: string;
  /** The run store. */
  readonly store: string;
};

export type RunResult =
  | { readonly status: "FINISHED"; readonly runId: string }
  | { readonly status: "FAILED"; readonly message: string };

/** Carries one request out to its end; throws if the run fails. */
export type Execute = (
  request: RunRequest,
  onStep: (done: number, total: number) => void,
) => Promise<string>;

export type LaunchOptions = {
  /** Steps of one request so far. */
  readonly onStep?: (request: number, done: number, total: number) => void;
  readonly onResult?: (request: number, result: RunResult) => void;
  readonly signal?: AbortSignal;
};

export interface Launcher {
  /** Results in the order of the requests. One failed run doesn't stop the others. */
  launch(requests: readonly RunRequest[], options?: LaunchOptions): Promise<RunResult[]>;
  /** Ends what it keeps from one launch to the next. */
  close(): Promise<void>;
}

/** One run after another in this process: what a test and `jobs = 1` use. */
export function inProcessLauncher(execute: Execute): Launcher {
  return {
    async launch(requests, { onStep, onResult, signal } = {}) {
      const results: RunResult[] = [];
      for (const [i, request] of requests.entries()) {
        signal?.throwIfAborted();
        const result = await attempt(() =>
          execute(request, (done, total) => onStep?.(i, done, total)),
        );
        results.push(result);
        onResult?.(i, result);
      }
      return results;
    },
    close: () => Promise.resolve(),
  };
}

async function attempt(run: () => Promise<string>): Promise<RunResult> {
  try {
    return { status: "FINISHED", runId: await run() };
  } catch (error) {
    return { status: "FAILED", message: error instanceof Error ? error.message : String(error) };
  }
}

/** What the parent sends to a job process and gets back. */
export type JobMessage =
  | { readonly type: "run"; readonly request: RunRequest; readonly places: Places }
  | { readonly type: "stop" };
export type JobReply =
  | { readonly type: "ready" }
  | { readonly type: "step"; readonly done: number; readonly total: number }
  | { readonly type: "result"; readonly result: RunResult };

export type LocalLauncherOptions = {
  /** Processes at the same time. */
  readonly jobs: number;
  readonly places: Places;
  /** Script of a job process; default `job.ts` beside this file. */
  readonly script?: string;
};

/**
 * A pool of `jobs` processes on this machine. Each carries out many runs, of one launch after another,
 * so that data and features are read once a process; one that dies fails its own run and is replaced.
 * Until `close` they wait, and end when this process does.
 */
export function localLauncher({
  jobs,
  places,
  script = jobScript(),
}: LocalLauncherOptions): Launcher {
  if (!(jobs >= 1)) throw new RangeError(`localLauncher: expected at least 1 job, got ${jobs}`);
  const idle: ChildProcess[] = [];
  return {
    async launch(requests, options = {}) {
      const { signal, onStep, onResult } = options;
      const results: RunResult[] = Array.from({ length: requests.length });
      let next = 0;
      const lane = async (): Promise<void> => {
        let child: ChildProcess | undefined;
        const kill = (): void => void child?.kill("SIGTERM");
        signal?.addEventListener("abort", kill, { once: true });
        try {
          while (next < requests.length && !options.signal?.aborted) {
            const i = next++;
            if (!child?.connected) child = woken(idle) ?? (await startJob(script));
            const message = { type: "run", request: requests[i]!, places } as const;
            results[i] = await runInJob(child, message, (done, total) => onStep?.(i, done, total));
            onResult?.(i, results[i]);
          }
        } finally {
          signal?.removeEventListener("abort", kill);
          if (child?.connected) idle.push(asleep(child));
        }
      };
      await Promise.all(Array.from({ length: Math.min(jobs, requests.length) }, lane));
      signal?.throwIfAborted();
      return results;
    },
    close: async () => {
      await Promise.all(idle.splice(0).map(stopJob));
    },
  };
}

/** A process that waits, and does not keep this one from ending. */
function asleep(child: ChildProcess): ChildProcess {
  child.unref();
  child.channel?.unref();
  return child;
}

function woken(idle: ChildProcess[]): ChildProcess | undefined {
  while (idle.length > 0) {
    const child = idle.pop()!;
    if (!child.connected) continue;
    child.ref();
    child.channel?.ref();
    return child;
  }
  return undefined;
}

/** `job.ts` in the repository, `job.js` in the installed package. */
function jobScript(): string {
  const extension = import.meta.filename.endsWith(".ts") ? "ts" : "js";
  return fileURLToPath(new URL(`./job.${extension}`, import.meta.url));
}

function startJob(script: string): Promise<ChildProcess> {
  const child = fork(script, {
    serialization: "json",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, cause) =>
      reject(new Error(`job process did not start: ${died(code, cause)}`)),
    );
    child.once("message", () => resolve(child));
  });
}

function runInJob(
  child: ChildProcess,
  message: JobMessage,
  onStep: (done: number, total: number) => void,
): Promise<RunResult> {
  return new Promise((resolve) => {
    const settle = (result: RunResult): void => {
      child.off("message", onMessage);
      child.off("exit", onExit);
      resolve(result);
    };
    const onMessage = (reply: JobReply): void => {
      if (reply.type === "step") onStep(reply.done, reply.total);
      if (reply.type === "result") settle(reply.result);
    };
    const onExit = (code: number | null, cause: string | null): void =>
      settle({ status: "FAILED", message: `job process ${died(code, cause)}` });
    child.on("message", onMessage);
    child.on("exit", onExit);
    child.send(message);
  });
}

/** How a process ended, in words. */
export function died(code: number | null, cause: string | null): string {
  return cause === null ? `exited with code ${code}` : `was killed by ${cause}`;
}

async function stopJob(child: ChildProcess): Promise<void> {
  if (!child.connected) return;
  child.ref();
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.send({ type: "stop" } satisfies JobMessage);
  await gone;
}
