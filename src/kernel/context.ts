/** @file What protocol handlers are given and what they give back. */
import type { EventEmitter } from "node:events";
import type { Output } from "./output.ts";
import type { Channel } from "./protocol/sockets.ts";
import type { Json, Message, Origin } from "./protocol/wire.ts";
import type { CellCode } from "./transform/cell.ts";
import type { ErrorContent, FromUser } from "./user/messages.ts";
import type { UserProcess } from "./user-process.ts";

/** A cell that was sent for execution and could be parsed. */
export type Cell = {
  /** Unique in this kernel; also the id in messages from the user process. */
  readonly id: number;
  readonly count: number;
  readonly text: string;
  /** Name of the script that V8 runs, for stack traces and the debugger. */
  readonly url: string;
  /** What V8 runs, and its map back to `text`. */
  readonly compiled: CellCode;
  readonly request: Origin;
};

export type CellOutcome = {
  readonly cell: { readonly count: number; readonly text: string };
  readonly storeHistory: boolean;
  readonly silent: boolean;
  readonly error?: ErrorContent;
  /** `text/plain` of the result. */
  readonly result?: string;
};

/** Things that modules may want to hear of. */
export type KernelEvents = {
  /** A cell is about to run. */
  executing: [Cell];
  /** A cell ended, well or not; also cells that could not be parsed. */
  executed: [CellOutcome];
  /** A user process is ready: the first one, or one that replaces a dead one. */
  started: [pid: number];
  shutdown: [];
};

export type Request = {
  readonly channel: Channel;
  readonly message: Message;
  readonly content: Json;
};

export interface KernelContext {
  /** Folder that cells resolve from. */
  readonly cwd: string;
  readonly output: Output;
  readonly user: UserProcess;
  readonly events: EventEmitter<KernelEvents>;
  /** Number of the last stored cell. */
  readonly executionCount: number;
  /** The cell that is running now. */
  readonly running: Cell | undefined;
  /** Asked before a cell runs; what it gives is the error of a cell that is not run. */
  beforeCell?: ((cell: Cell) => Promise<ErrorContent | undefined>) | undefined;
  /** Waited for before a cell is interrupted: it must come to where an interrupt is noticed. */
  beforeInterrupt?: (() => Promise<void>) | undefined;
  /** A message on the stdin socket to the front end that sent `request`. */
  sendInput(type: string, content: Json, request: Origin): void;
  /** Hears what cells send with `jupyter.send(name, message)`; `request` is what their cell was asked by. */
  onExtension(
    name: string,
    listener: (message: FromUser & Json, request: Origin | undefined) => void,
  ): void;
  /** Interrupts the running cell. */
  interrupt(): void;
  /** Ends the kernel after pending replies are sent. */
  shutdown(): void;
}

export type Handler = {
  /** Sockets on which the request is understood; shell and control if absent. */
  readonly channels?: readonly Channel[];
  /** Answered at once while a cell runs, instead of after it. Control requests always are. */
  readonly whileBusy?: boolean;
  /**
   * Content of the reply (`status: "ok"` is added where absent); nothing if the request has no reply.
   * A throw becomes a reply of status "error".
   */
  handle(context: KernelContext, request: Request): Promise<Json | undefined> | Json | undefined;
};

/** Message type to handler: the whole protocol. */
export type Handlers = Readonly<Record<string, Handler>>;
