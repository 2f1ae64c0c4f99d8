/**
 * @file The TypeScript kernel for Jupyter.
 *
 * Two processes. The kernel process (this folder, `protocol/`, `transform/`) owns the sockets and never runs user code,
 * so it answers while a cell is busy and outlives one that crashes. The user process (`user/`) evaluates cells in V8's
 * REPL mode on its main thread; an agent thread in it hears interrupts.
 *
 * ## Adding to the protocol
 *
 * `modules.ts` holds the list of modules. A module is a function `(kernel: KernelContext) => Handlers`; `Handlers` maps
 * a message type to `{ channels?, whileBusy?, handle(context, request) }`, and what `handle` returns is the content of
 * the reply (`foo_request` is answered by `foo_reply`; `status: "ok"` is filled in; a throw becomes an error reply;
 * `undefined` sends none, as for comm messages). Statuses busy and idle are sent around every handler by the core.
 * - `whileBusy: true`: answered beside a running cell (complete, inspect, history). Otherwise in order with the cells.
 * - `channels`: `["shell", "control"]` unless said otherwise; `debug_request` is `["control"]`.
 * - `kernel.events`: `executing` (a Cell: id, text, url, compiled code and map), `executed` (with `storeHistory`, error,
 *   text of the result), `started` (a user process is ready: set up anew), `shutdown`.
 * - iopub: `context.output.publish(type, content, parentHeader, { metadata, buffers })`.
 * - To user code: `kernel.user.send({ type: "comm", ... })` arrives at a listener set there with
 *   `host.onMessage("comm", listener)`, on the main thread when it is in its event loop. Set such listeners up in
 *   `user/extensions.ts`, which the user process runs before the first cell.
 * - From user code: `host.send("comm", {...})` arrives at `kernel.onExtension("comm", (message, request) => ...)`, where
 *   `request` is the execute_request of the cell that sent it (use its header as the parent on iopub).
 * - Cursor positions: `offsetOfCursor` and `cursorOfOffset` in `transform/source-position.ts` (Jupyter counts code points).
 */
export type {
  Cell,
  CellOutcome,
  Handler,
  Handlers,
  KernelContext,
  KernelEvents,
  Request,
} from "./context.ts";
export { Kernel, type KernelOptions } from "./kernel.ts";
export { type KernelModule, MODULES } from "./modules.ts";
export { addressOf, type Connection, readConnection } from "./protocol/connection.ts";
export { type Message, Wire, WireError } from "./protocol/wire.ts";
export type { KernelHost } from "./user/host.ts";
