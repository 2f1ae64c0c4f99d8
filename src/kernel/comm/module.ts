/** @file Comms in the protocol: messages pass between front end and cells, also while a cell awaits. */
import type { Handler, Handlers, KernelContext } from "../context.ts";
import type { Message } from "../protocol/wire.ts";
import { type CommKind, type CommMessage, commMessage } from "./messages.ts";

export function comm(kernel: KernelContext): Handlers {
  /** Open comms and their targets, whoever opened them. */
  const open = new Map<string, string>();

  const note = ({ kind, id, target }: CommMessage): void => {
    if (kind === "comm_open") open.set(id, target!);
    else if (kind === "comm_close") open.delete(id);
  };
  const publish = (message: CommMessage, parent: Message["parent"]): void => {
    const { kind, id, target, data, metadata, buffers } = message;
    kernel.output.publish(
      kind,
      { comm_id: id, data, ...(target === undefined ? {} : { target_name: target }) },
      parent,
      { metadata, buffers: buffers.map((each) => Buffer.from(each, "base64")) },
    );
  };

  kernel.onExtension("comm", (message, request) => {
    const sent = message["comm"] as CommMessage;
    note(sent);
    publish(sent, request?.header ?? {});
  });
  // A new user process knows nothing of the comms of the dead one; front ends should not wait for it.
  kernel.events.on("started", () => {
    for (const id of open.keys()) {
      publish({ kind: "comm_close", id, data: {}, metadata: {}, buffers: [] }, {});
    }
    open.clear();
  });

  const pass = (kind: CommKind): Handler => ({
    channels: ["shell"],
    whileBusy: true,
    handle: (_context, { content, message }) => {
      try {
        const received = commMessage(kind, content, message.metadata, message.buffers);
        note(received);
        kernel.user.send({ type: "comm", comm: received });
      } catch (error) {
        // Comm messages have no reply that could carry it.
        process.stderr.write(`kernel: ${(error as Error).message}\n`);
      }
      return undefined;
    },
  });

  return {
    comm_open: pass("comm_open"),
    comm_msg: pass("comm_msg"),
    comm_close: pass("comm_close"),
    comm_info_request: {
      whileBusy: true,
      handle: (_context, { content }) => {
        const wanted = content["target_name"];
        const found = [...open].filter(([, target]) => !wanted || target === wanted);
        return {
          comms: Object.fromEntries(found.map(([id, target]) => [id, { target_name: target }])),
        };
      },
    },
  };
}
