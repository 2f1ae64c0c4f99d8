/**
 * @file At which errors to stop: at none, at all, or at those that nothing in the code a person wrote catches.
 *
 * V8 takes every error of a cell for caught, since a cell is an async function whose promise the kernel holds. But it
 * tells an error that a `catch` on the stack takes from one that becomes the rejection of a promise. For the latter the
 * calls that led there are looked at, those before an await included: one inside an `await` inside a `try` with a
 * `catch`, or followed by `.catch(...)` or `.then(..., ...)`, takes the error. As in any debugger this is a prediction: a
 * promise that is kept and awaited elsewhere counts as uncaught.
 */
import type { Program } from "oxc-parser";
import { parseScript } from "../transform/typescript.ts";
import { type AnyNode, isScope, walk } from "../transform/walk.ts";
import type { Inspector } from "./inspector.ts";
import type { ScriptPlace } from "./sources.ts";

export type ErrorFilter = "none" | "uncaught" | "all";

/** Calls before an await that are remembered by V8. */
const ASYNC_DEPTH = 32;
/** Scripts of which the parsed text is kept. */
const KEPT_SCRIPTS = 32;

type Place = ScriptPlace & { readonly scriptId: string };

type AsyncStack = {
  readonly callFrames: readonly Place[];
  readonly parent?: AsyncStack;
};

/** What V8 says of a stop at an error. */
export type ErrorStop = {
  readonly reason: string;
  readonly callFrames: readonly { readonly location: Place }[];
  readonly asyncStackTrace?: AsyncStack;
  /** The error, and whether V8 expects it to end the process. */
  readonly data?: { readonly uncaught?: boolean };
};

/** A `throw`, or what turns one into a promise. */
export const isError = (reason: string): boolean =>
  reason === "exception" || reason === "promiseRejection";

type Script = { readonly text: string; readonly program: Program };

export class ErrorStops {
  readonly #inspector: Inspector;
  readonly #isWritten: (scriptId: string) => boolean;
  readonly #scripts = new Map<string, Script>();
  #filter: ErrorFilter = "none";

  /** @param isWritten whether a person wrote the script */
  constructor(inspector: Inspector, isWritten: (scriptId: string) => boolean) {
    this.#inspector = inspector;
    this.#isWritten = isWritten;
  }

  async set(filter: ErrorFilter): Promise<void> {
    this.#filter = filter;
    await this.attach();
  }

  /** In the words of the Debug Adapter Protocol. */
  get breakMode(): "always" | "unhandled" {
    return this.#filter === "uncaught" ? "unhandled" : "always";
  }

  /** Tells a process what is asked for. */
  async attach(): Promise<void> {
    this.#scripts.clear();
    const maxDepth = this.#filter === "uncaught" ? ASYNC_DEPTH : 0;
    const state = this.#filter === "none" ? "none" : "all";
    await this.#inspector.send("Debugger.setAsyncCallStackDepth", { maxDepth });
    await this.#inspector.send("Debugger.setPauseOnExceptions", { state });
  }

  /** Nobody debugs any more. */
  forget(): void {
    this.#filter = "none";
  }

  /** Whether this error is to be stopped at. */
  async concerns({ reason, callFrames, asyncStackTrace, data }: ErrorStop): Promise<boolean> {
    if (this.#filter === "all") return true;
    if (reason === "exception") return data?.uncaught === true;
    const places = callFrames.map(({ location }) => location);
    for (let stack = asyncStackTrace; stack !== undefined; stack = stack.parent) {
      places.push(...stack.callFrames);
    }
    for (const place of places) if (await this.#isAwaited(place)) return false;
    return true;
  }

  /** Whether the promise of the call at this place is one whose rejection is taken right there. */
  async #isAwaited(place: Place): Promise<boolean> {
    if (!this.#isWritten(place.scriptId)) return false;
    const { text, program } = await this.#script(place.scriptId);
    return catchesAt(program, offsetOf(text, place));
  }

  async #script(scriptId: string): Promise<Script> {
    const known = this.#scripts.get(scriptId);
    if (known !== undefined) return known;
    const reply = await this.#inspector.send("Debugger.getScriptSource", { scriptId });
    const text = String(reply["scriptSource"]);
    const script = { text, program: parseScript("script", text).program };
    this.#scripts.set(scriptId, script);
    if (this.#scripts.size > KEPT_SCRIPTS) this.#scripts.delete(this.#scripts.keys().next().value!);
    return script;
  }
}

function offsetOf(text: string, { lineNumber, columnNumber }: ScriptPlace): number {
  let start = 0;
  for (let line = 0; line < lineNumber; line++) start = text.indexOf("\n", start) + 1;
  return start + columnNumber;
}

/** Whether a rejection of what is called at `offset` is caught by the function that calls it. */
export function catchesAt(program: Program, offset: number): boolean {
  let caught = false;
  // Parents come first: what is found in an outer function does not hold for the inner one.
  let tries = 0;
  walk(program, (node, parent) => {
    if (offset < node.start || offset >= node.end) return false;
    if (isScope(node)) [tries, caught] = [0, false];
    if (parent?.type === "TryStatement" && parent["block"] === node && parent["handler"]) tries++;
    const taken =
      node.type === "AwaitExpression" || (node.type === "ForOfStatement" && node["await"]);
    if ((taken && tries > 0) || hasHandler(node)) caught = true;
  });
  return caught;
}

/** `x.catch(f)` and `x.then(f, g)`. */
function hasHandler(node: AnyNode): boolean {
  if (node.type !== "CallExpression") return false;
  const { callee, arguments: given } = node as unknown as {
    callee: { property?: { name?: string } };
    arguments: readonly unknown[];
  };
  const name = callee.property?.name;
  return (name === "catch" && given.length > 0) || (name === "then" && given.length > 1);
}
