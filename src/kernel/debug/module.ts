/** @file The debugger in the protocol: `debug_request` on the control channel, `debug_event` on iopub. */
import type { Handlers, KernelContext } from "../context.ts";
import type { Json } from "../protocol/wire.ts";
import { DebugAdapter } from "./adapter.ts";
import { Inspector } from "./inspector.ts";

export function debug(kernel: KernelContext): Handlers {
  let sequence = 0;
  const adapter = new DebugAdapter({
    inspector: new Inspector(kernel.user),
    cwd: kernel.cwd,
    event: (event, body) =>
      kernel.output.publish(
        "debug_event",
        { type: "event", seq: ++sequence, event, body },
        kernel.running?.request.header ?? {},
      ),
  });
  const { beforeCell } = kernel;
  kernel.beforeCell = async (cell) => {
    const refusal = await beforeCell?.(cell);
    if (refusal === undefined) await adapter.prepare(cell);
    return refusal;
  };
  kernel.beforeInterrupt = () => adapter.release();
  kernel.user.on("died", () => adapter.lost());
  kernel.events.on("started", () => {
    // A process that is gone before it was attached to has a successor, too.
    void adapter.reattach().catch(() => adapter.lost());
  });
  kernel.events.on("shutdown", () => adapter.stop());

  return {
    debug_request: {
      channels: ["control"],
      handle: async (_context, { content }) => {
        const { seq, command, arguments: given } = content;
        const reply = { type: "response", request_seq: seq, command };
        try {
          const body = await adapter.request(commandIn(command), argumentsIn(given));
          return { ...reply, seq: ++sequence, success: true, body };
        } catch (error) {
          const { message } = error as Error;
          return { ...reply, seq: ++sequence, success: false, message, body: {} };
        }
      },
    },
  };
}

function commandIn(command: unknown): string {
  if (typeof command === "string") return command;
  throw new TypeError(`debug_request: command must be a string, got ${JSON.stringify(command)}`);
}

function argumentsIn(given: unknown): Json {
  if (given === undefined || given === null) return {};
  if (typeof given === "object" && !Array.isArray(given)) return given as Json;
  throw new TypeError(`debug_request: arguments must be an object, got ${JSON.stringify(given)}`);
}
