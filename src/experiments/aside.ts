/** @file Jobs that leave their result on disk, each in a process of its own. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { AsideReply, AsideRequest } from "./aside-child.ts";
import { died } from "./launcher.ts";
import type { OnProgress } from "./progress.ts";

export type AsideOptions = {
  readonly onProgress?: OnProgress;
  /** Ends the process. */
  readonly signal?: AbortSignal;
  /** Default `aside-child.ts` beside this file. */
  readonly script?: string;
};

/**
 * Computes features, or scores a baseline, as a workshop at these places would. The memory it takes (3 GB for
 * features of mini-MMEB) goes with the process, and two such jobs use two cores.
 *
 * @throws if the process fails or dies, with its message
 */
export async function aside(
  request: AsideRequest,
  { onProgress, signal, script = childScript() }: AsideOptions = {},
): Promise<void> {
  const child = fork(script, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const kill = (): void => void child.kill("SIGTERM");
  signal?.addEventListener("abort", kill, { once: true });
  try {
    child.send(request);
    await new Promise<void>((resolve, reject) => {
      child.on("message", (reply: AsideReply) => {
        if ("progress" in reply) onProgress?.(reply.progress);
        else if ("error" in reply) reject(new Error(`${request.job.kind}: ${reply.error}`));
        else resolve();
      });
      child.once("error", reject);
      child.once("exit", (code, cause) =>
        reject(new Error(`${request.job.kind}: its process ${died(code, cause)}`)),
      );
    });
  } finally {
    signal?.removeEventListener("abort", kill);
  }
  signal?.throwIfAborted();
}

/** `.ts` in the repository, `.js` in the installed package. */
function childScript(): string {
  const extension = import.meta.filename.endsWith(".ts") ? "ts" : "js";
  return fileURLToPath(new URL(`./aside-child.${extension}`, import.meta.url));
}
