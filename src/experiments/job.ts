/** @file A job process of the local launcher: takes run requests from its parent until told to stop. */
import type { JobMessage, JobReply } from "./launcher.ts";
import { Workshop } from "./run.ts";

const STEP_EVERY_MS = 200;

let workshop: Workshop | undefined;

process.on("message", (message: JobMessage) => {
  void (message.type === "stop" ? stop() : run(message));
});
process.once("disconnect", () => process.exit(1)); // the parent is gone; its grid resumes later
reply({ type: "ready" });

async function run({ request, places }: Extract<JobMessage, { type: "run" }>): Promise<void> {
  let last = 0;
  try {
    workshop ??= await Workshop.open(places);
    const runId = await workshop.execute(request, (done, total) => {
      if (performance.now() - last < STEP_EVERY_MS) return;
      last = performance.now();
      reply({ type: "step", done, total });
    });
    reply({ type: "result", result: { status: "FINISHED", runId } });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reply({ type: "result", result: { status: "FAILED", message } });
  }
}

async function stop(): Promise<void> {
  await workshop?.close();
  process.removeAllListeners("disconnect");
  process.disconnect();
}

function reply(message: JobReply): void {
  process.send?.(message);
}
