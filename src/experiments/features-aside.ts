/** @file Features computed by a process of their own. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FeaturesReply, FeaturesRequest } from "./features-child.ts";
import type { OnProgress } from "./progress.ts";

export type FeaturesAsideOptions = {
  readonly onProgress?: OnProgress;
  /** Ends the process. */
  readonly signal?: AbortSignal;
  /** Default `features-child.ts` beside this file. */
  readonly script?: string;
};

/**
 * Leaves on disk what `Workshop.features` then finds, and none of the memory it took (2 GB on mini-MMEB):
 * the runs that follow need that.
 *
 * @throws if the process fails or dies, with its message
 */
export async function featuresAside(
  request: FeaturesRequest,
  { onProgress, signal, script = childScript() }: FeaturesAsideOptions = {},
): Promise<void> {
  const child = fork(script, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const kill = (): void => void child.kill("SIGTERM");
  signal?.addEventListener("abort", kill, { once: true });
  try {
    child.send(request);
    await new Promise<void>((resolve, reject) => {
      child.on("message", (reply: FeaturesReply) => {
        if ("progress" in reply) onProgress?.(reply.progress);
        else if ("error" in reply) reject(new Error(`features: ${reply.error}`));
        else resolve();
      });
      child.once("error", reject);
      child.once("exit", (code, cause) =>
        reject(
          new Error(
            `features: their process ${cause === null ? `exited with code ${code}` : `was killed by ${cause}`}`,
          ),
        ),
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
  return fileURLToPath(new URL(`./features-child.${extension}`, import.meta.url));
}
