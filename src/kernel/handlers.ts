/** @file The protocol: every request this kernel answers, and what answers it. */
import type { Executor } from "./execute.ts";
import type { Handler, Handlers } from "./context.ts";
import { isComplete } from "./is-complete.ts";
import { kernelInfo } from "./kernel-info.ts";

const interrupt: Handler = {
  whileBusy: true,
  handle: (context) => {
    context.interrupt();
    return {};
  },
};

const shutdown: Handler = {
  whileBusy: true,
  handle: (context, { content, message }) => {
    const restart = content["restart"] === true;
    // Also on iopub, so that every front end learns of it.
    context.output.publish("shutdown_reply", { status: "ok", restart }, message.header);
    // After this reply is sent.
    setImmediate(() => context.shutdown());
    return { restart };
  },
};

/** What needs no part of its own; `executor` runs the cells. */
export function coreHandlers(executor: Pick<Executor, "execute" | "answerInput">): Handlers {
  return {
    execute_request: {
      channels: ["shell"],
      handle: (_context, request) => executor.execute(request),
    },
    input_reply: {
      channels: ["stdin"],
      handle: (_context, { content }) => {
        const { value } = content;
        executor.answerInput(typeof value === "string" ? value : "");
        return undefined;
      },
    },
    kernel_info_request: kernelInfo,
    is_complete_request: isComplete,
    interrupt_request: interrupt,
    shutdown_request: shutdown,
  };
}
