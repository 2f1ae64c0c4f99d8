/** @file Declarations of what the kernel gives to cells (src/kernel/user/host.ts), as the language server reads them. */

export const GLOBALS_TEXT = `
interface RzenLabDisplayOptions {
  /** Name under which the display can be changed, by \`update\` or by a later display with \`update: true\`. */
  readonly id?: string;
  /** The value is a MIME bundle already. */
  readonly raw?: boolean;
  /** Change the displays of this id instead of adding one. */
  readonly update?: boolean;
  readonly metadata?: Record<string, unknown>;
}
interface RzenLabDisplay extends PromiseLike<void> {
  readonly id: string;
  update(value: unknown, options?: Pick<RzenLabDisplayOptions, "raw" | "metadata">): RzenLabDisplay;
}
/** Shows a value below the cell; the result can be changed later, and awaited where the value renders itself asynchronously. */
declare function display(value: unknown, options?: RzenLabDisplayOptions): RzenLabDisplay;
/** Asks for a line of text below the cell. Shows \`initial\` as what an empty answer means. */
declare function prompt(question?: string, initial?: string): string;
/** Asks for yes or no below the cell. */
declare function confirm(question?: string): boolean;
interface RzenLabCommContent {
  readonly data: Record<string, any>;
  readonly metadata: Record<string, any>;
  readonly buffers: readonly Uint8Array[];
}
/** One conversation with a front end. */
interface RzenLabComm {
  readonly id: string;
  readonly target: string;
  readonly open: boolean;
  send(data: Record<string, any>, options?: { metadata?: Record<string, any>; buffers?: readonly Uint8Array[] }): void;
  close(data?: Record<string, any>): void;
  onMessage(listener: (content: RzenLabCommContent) => unknown): this;
  onClose(listener: (content: RzenLabCommContent) => unknown): this;
}
/** This kernel. */
declare const jupyter: {
  readonly version: string;
  /** Aborted when the cell is interrupted: hand it to whatever takes an AbortSignal. */
  readonly signal: AbortSignal;
  /** Number of the cell, as in \`In[3]\`. */
  readonly executionCount: number;
  /** Id of the cell in its notebook; front ends without notebooks give none. */
  readonly cellId: string | undefined;
  readonly display: typeof display;
  /** Type errors: not looked for, printed below the cell (the default), or a reason not to run it. */
  diagnostics: "off" | "warn" | "strict";
  readonly comms: {
    /** Opens a comm to the front end's handler for a target. */
    open(target: string, data?: Record<string, any>, options?: { id?: string; metadata?: Record<string, any>; buffers?: readonly Uint8Array[] }): RzenLabComm;
    /** Takes comms that front ends open to a target. */
    register(target: string, listener: (comm: RzenLabComm, content: RzenLabCommContent) => unknown): void;
    unregister(target: string): void;
  };
  /** Clears the cell's output; with \`wait\`, when the next output arrives. */
  clearOutput(options?: { readonly wait?: boolean }): void;
  readonly prompt: typeof prompt;
  readonly confirm: typeof confirm;
  /** Asks for a line of text that is not shown. */
  password(question?: string): string;
  /** Sends a message to a module of the kernel process. */
  send(name: string, message: Record<string, unknown>): void;
  /** Hears messages of a module of the kernel process. */
  onMessage(name: string, listener: (message: Record<string, unknown>) => void): void;
};
declare module "tslab" {
  export const display: any;
  export function newDisplay(): any;
  export const versions: any;
}
`;
