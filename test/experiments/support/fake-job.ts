/** @file A job process without training: answers, fails or dies as the request's name says. */
import type { JobMessage, JobReply } from "../../../src/experiments/launcher.ts";

const reply = (message: JobReply): void => void process.send?.(message);

process.on("message", (message: JobMessage) => {
  if (message.type === "stop") return process.disconnect();
  const { name } = message.request;
  if (name === "dies") process.kill(process.pid, "SIGKILL");
  if (name === "exits") process.exit(3);
  reply({ type: "step", done: 1, total: 2 });
  const result =
    name === "fails"
      ? ({ status: "FAILED", message: "step 7: loss is NaN" } as const)
      : ({ status: "FINISHED", runId: `${name}@${process.pid}` } as const);
  return reply({ type: "result", result });
});
reply({ type: "ready" });
