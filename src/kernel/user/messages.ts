/** @file What the kernel process and the user process say to each other, one JSON object a line. */
import type { Json } from "../protocol/wire.ts";

/** Numbers of the pipes in the user process. 1 and 2 carry what children and native code print. */
export const FROM_USER_FD = 3;
export const TO_USER_FD = 4;
export const TO_AGENT_FD = 5;
export const FROM_AGENT_FD = 6;

/** Written to both standard streams at a cell's end: whatever was printed before it has then been read. */
export const streamMark = (cell: number): string => `\u0000rzenlab-end-of-cell-${cell}\u0000`;

/** MIME type to value; binary types as base64, JSON types as objects. */
export type MimeBundle = Json;

export type Rich = { readonly data: MimeBundle; readonly metadata: Json };

/** The error fields of `execute_reply` and iopub's `error`. */
export type ErrorContent = {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
};

export type ExecuteCommand = {
  readonly type: "execute";
  /** Names the cell in both processes; never used twice. */
  readonly cell: number;
  /** The number in `In[...]`. */
  readonly count: number;
  /** Same for every run of the same cell of the notebook. */
  readonly key: string;
  /** The cell's id in the notebook, if the front end gave it. */
  readonly cellId?: string;
  readonly text: string;
  readonly code: string;
  /** How `code` was made of `text`, so that its map can be made when an error needs it. */
  readonly legacyDecorators: boolean;
  readonly url: string;
  readonly silent: boolean;
  readonly userExpressions: Readonly<Record<string, string>>;
  readonly imports: readonly { readonly specifier: string; readonly locals: readonly string[] }[];
  readonly names: readonly string[];
};

export type ToUser =
  | ExecuteCommand
  | { readonly type: "exit" }
  | ({ readonly type: string } & Json);

export type ToAgent =
  | { readonly type: "interrupt"; readonly cell: number }
  /** An answer to `prompt`; without a value, the front end can't ask. */
  | { readonly type: "input"; readonly value?: string }
  /** A command of V8's inspector protocol. */
  | {
      readonly type: "inspect";
      readonly id: number;
      readonly method: string;
      readonly params: object;
    }
  /** Nobody debugs any more. */
  | { readonly type: "detach" };

/** What V8's inspector answers and tells. */
export type FromAgent =
  | { readonly id: number; readonly result: object }
  | { readonly id: number; readonly error: string }
  | { readonly method: string; readonly params: object };

/** What the agent thread tells the main thread. */
export type AgentMessage = "listening" | "interrupt" | "terminated";

export type FromUser =
  | { readonly type: "ready"; readonly pid: number }
  | {
      readonly type: "stream";
      readonly cell: number;
      readonly name: "stdout" | "stderr";
      readonly text: string;
    }
  | ({
      readonly type: "display";
      readonly cell: number;
      readonly id?: string;
      readonly update: boolean;
    } & Rich)
  /** The main thread took notice of an interrupt. */
  | { readonly type: "interrupted" }
  | { readonly type: "clear"; readonly cell: number; readonly wait: boolean }
  | {
      readonly type: "input";
      readonly cell: number;
      readonly prompt: string;
      readonly password: boolean;
    }
  | DoneMessage
  | ({ readonly type: "extension"; readonly name: string; readonly cell: number } & Json);

export type DoneMessage = {
  readonly type: "done";
  readonly cell: number;
  readonly error?: ErrorContent;
  readonly result?: Rich;
  readonly userExpressions: Json;
};

/** Words of the memory that agent and main thread share. */
export const SHARED = {
  /** Not 0: stop at the next check. */
  stop: 0,
  /** Interrupts asked for, and the last one the main thread took notice of. */
  asked: 1,
  taken: 2,
  /** Bytes of the answer to `prompt`; -1 while there is none, -2 if the front end can't ask. */
  inputBytes: 3,
  /** The cell that the latest interrupt was meant for, which may not have begun yet. */
  cell: 4,
  /** Is a debugger there? See debuggee.ts. */
  debugged: 5,
} as const;

export const INPUT_LIMIT = 1 << 20;
export const SHARED_WORDS = 6;
export const SHARED_BYTES = SHARED_WORDS * 4 + INPUT_LIMIT;
