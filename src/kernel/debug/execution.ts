/** @file Where the cells stand: stops, frames, steps, evaluation in them. */
import { EventEmitter } from "node:events";
import { viaNotebook, withoutTypes } from "./expression.ts";
import type { Json } from "../protocol/wire.ts";
import type { Inspector } from "./inspector.ts";
import type { ScriptPlace, Sources, WrittenPlace } from "./sources.ts";
import { type ErrorStop, ErrorStops, isError } from "./uncaught.ts";
import { describe, type RemoteObject, type ScopePlace, type Target } from "./variables.ts";

/** Places on one line that a step goes past: V8 stops at each statement, and at what the kernel put between. */
const MAX_PASSED = 100;

/** The kernel's own code, of which people want to know nothing. */
const OWN = new URL("../", import.meta.url).href;

type CallFrame = {
  readonly callFrameId: string;
  readonly functionName: string;
  readonly location: ScriptPlace & { readonly scriptId: string };
  readonly scopeChain: readonly { readonly type: string; readonly object: RemoteObject }[];
};

type Paused = Omit<ErrorStop, "callFrames"> & {
  readonly callFrames: readonly CallFrame[];
  readonly hitBreakpoints?: readonly string[];
  /** The error, where the reason is one. */
  readonly data?: RemoteObject;
};

type Evaluated = {
  readonly result: RemoteObject;
  readonly exceptionDetails?: { readonly exception?: RemoteObject; readonly text: string };
};

export type Frame = {
  /** Never given again: front ends take a number that they know for the frame that they show. */
  readonly id: number;
  readonly name: string;
  readonly place: WrittenPlace;
  readonly call: CallFrame;
};

export type StopReason = "breakpoint" | "step" | "exception" | "pause";

const SCOPES: Readonly<Record<string, string>> = {
  local: "Locals",
  block: "Block",
  catch: "Catch",
  closure: "Closure",
  script: "Notebook",
  module: "Module",
  eval: "Eval",
};

export class Execution extends EventEmitter<{ stopped: [StopReason]; continued: [] }> {
  readonly #inspector: Inspector;
  readonly #sources: Sources;
  /** Urls of the scripts that a person wrote, by V8's id. */
  readonly #urls = new Map<string, string>();
  readonly errors: ErrorStops;
  frames: readonly Frame[] = [];
  #exception: RemoteObject | undefined;
  #nextFrame = 1;
  /** The step that is under way, and where it began. */
  #stepping: { readonly method: string; readonly from: string; passed: number } | undefined;
  #pausing = false;
  #disarmed = false;

  constructor(inspector: Inspector, sources: Sources) {
    super();
    this.#inspector = inspector;
    this.#sources = sources;
    this.errors = new ErrorStops(inspector, (scriptId) => this.#urls.has(scriptId));
    inspector.on("Debugger.scriptParsed", (event) => {
      const { scriptId, url } = event as { scriptId: string; url: string };
      if (!url.startsWith("rzenlab-cell-") && !url.includes("?rzenlab=")) return;
      this.#urls.set(scriptId, url);
      this.#sources.addScript(url);
    });
    inspector.on("Debugger.paused", (event) => void this.#filtered(event as unknown as Paused));
    inspector.on("Debugger.resumed", () => this.#resumed());
  }

  get stopped(): boolean {
    return this.frames.length > 0;
  }

  async attach(): Promise<void> {
    await this.#inspector.send("Debugger.enable");
    // Steps go from one line of a person's code to the next, not through Node, libraries or this kernel.
    const patterns = ["^node:", "/node_modules/", `^${RegExp.escape(OWN)}`];
    await this.#inspector.send("Debugger.setBlackboxPatterns", { patterns });
    await this.errors.attach();
  }

  /** Forgets everything of a process that is gone or no longer debugged. */
  detached(): void {
    this.#urls.clear();
    this.#disarmed = false;
    this.#stepping = undefined;
    this.#pausing = false;
    this.#resumed();
  }

  /** Goes past errors that nobody asked for. */
  async #filtered(paused: Paused): Promise<void> {
    const unasked = isError(paused.reason) && !(await this.errors.concerns(paused));
    if (unasked) this.#go(this.#stepping?.method ?? "Debugger.resume");
    else this.#paused(paused);
  }

  #paused({ callFrames, reason, hitBreakpoints = [], data }: Paused): void {
    const frames = callFrames.flatMap((call): Frame[] => {
      const url = this.#urls.get(call.location.scriptId);
      const place = url === undefined ? undefined : this.#sources.writtenAt(url, call.location);
      if (place === undefined) return [];
      return [{ id: this.#nextFrame++, name: call.functionName || "<cell>", place, call }];
    });
    if (frames.length === 0) return this.#go("Debugger.resume");
    const step = this.#stepping;
    const meant = hitBreakpoints.length > 0 || reason === "exception";
    if (!meant && step?.from === lineOf(frames) && step.passed++ < MAX_PASSED) {
      return this.#go(step.method);
    }
    const asked = step !== undefined ? "step" : this.#pausing ? "pause" : "breakpoint";
    this.#stepping = undefined;
    this.#pausing = false;
    this.frames = frames;
    this.#exception = isError(reason) ? data : undefined;
    this.emit("stopped", stopReason(reason, hitBreakpoints, asked));
  }

  #go(method: string): void {
    // What fails here fails because the process is gone, and then nothing has to go on.
    void this.#inspector.send(method).catch(() => undefined);
  }

  #resumed(): void {
    if (this.frames.length === 0) return;
    this.frames = [];
    this.emit("continued");
  }

  /** Goes on to the next breakpoint. */
  resume(): void {
    this.#stepping = undefined;
    this.#goAfterReply("continue", "Debugger.resume");
  }

  /** Goes on to another line, or to the same one in another call. */
  step(command: string, method: string): void {
    const from = lineOf(this.frames);
    this.#goAfterReply(command, method);
    this.#stepping = { method, from, passed: 0 };
  }

  /** A front end that hears of the next stop before it has its reply takes the stop for over. */
  #goAfterReply(command: string, method: string): void {
    if (!this.stopped) throw new Error(`${command}: no cell is stopped`);
    setImmediate(() => this.#go(method));
  }

  async pause(): Promise<void> {
    this.#pausing = true;
    await this.#inspector.send("Debugger.pause");
  }

  /** Lets a stopped cell go on, past all breakpoints. */
  async release(): Promise<void> {
    if (!this.stopped) return;
    this.#disarmed = true;
    await this.#inspector.send("Debugger.setBreakpointsActive", { active: false });
    this.#stepping = undefined;
    await this.#inspector.send("Debugger.resume");
  }

  /** Breakpoints count again. */
  async rearm(): Promise<void> {
    if (!this.#disarmed) return;
    this.#disarmed = false;
    await this.#inspector.send("Debugger.setBreakpointsActive", { active: true });
  }

  /** The scopes of a frame, innermost first; what JavaScript itself has everywhere is left out. */
  scopesOf(frameId: unknown): (ScopePlace & { name: string; objectId: string | undefined })[] {
    const { id, call } = this.#frame("scopes", frameId);
    return call.scopeChain
      .map(({ type, object: { objectId } }, scope) => {
        return { name: SCOPES[type] ?? type, objectId, frameId: id, scope, type };
      })
      .filter(({ type }) => type !== "global");
  }

  /** The error at which the cells are stopped. */
  exception(command: string): RemoteObject {
    if (this.stopped && this.#exception !== undefined) return this.#exception;
    throw new Error(`${command}: no cell is stopped at an error`);
  }

  /** Gives a name of a scope, or a property of an object, the value of an expression, and returns that. */
  async assign(
    { objectId, scope }: Target,
    name: string,
    expression: string,
  ): Promise<RemoteObject> {
    const frame = scope && this.#frame("setVariable", scope.frameId);
    if (scope?.type === "script") {
      // Names of the notebook, which V8 sets in no other way.
      return this.evaluate(`__rz.notebook[${JSON.stringify(name)}] = (${expression}\n)`, frame!.id);
    }
    const value = await this.evaluate(expression, frame?.id);
    if (frame !== undefined) {
      await this.#inspector.send("Debugger.setVariableValue", {
        scopeNumber: scope!.scope,
        variableName: name,
        newValue: argumentOf(value),
        callFrameId: frame.call.callFrameId,
      });
      return value;
    }
    const reply = await this.#inspector.send("Runtime.callFunctionOn", {
      objectId,
      functionDeclaration: SET_PROPERTY,
      arguments: [{ value: name }, argumentOf(value)],
      generatePreview: true,
    });
    const { result, exceptionDetails } = reply as unknown as Evaluated;
    if (exceptionDetails === undefined) return result;
    const { exception, text } = exceptionDetails;
    throw new Error(`setVariable: ${exception ? describe(exception).split("\n")[0]! : text}`);
  }

  #frame(command: string, frameId: unknown): Frame {
    const frame = this.frames.find(({ id }) => id === frameId);
    if (frame === undefined) {
      throw new Error(`${command}: no frame ${JSON.stringify(frameId)} now`);
    }
    return frame;
  }

  /** In a frame of the stop, else in the notebook. */
  async evaluate(expression: string, frameId: unknown): Promise<RemoteObject> {
    const given = frameId !== undefined && frameId !== null;
    const frame = given ? this.#frame("evaluate", frameId) : this.frames[0];
    let code = withoutTypes(expression);
    for (;;) {
      const { result, exceptionDetails } = await this.#evaluated(code, frame);
      if (exceptionDetails === undefined) return result;
      const { exception, text } = exceptionDetails;
      const message = exception ? describe(exception).split("\n")[0]! : text;
      const [, hidden] = /^ReferenceError: Cannot access '(.+)' before init/.exec(message) ?? [];
      const instead = frame && hidden ? viaNotebook(code, hidden) : code;
      if (instead === code) throw new Error(message);
      code = instead;
    }
  }

  #evaluated(expression: string, frame: Frame | undefined): Promise<Evaluated> {
    const reply =
      frame === undefined
        ? this.#inspector.send("Runtime.evaluate", {
            expression,
            replMode: true,
            generatePreview: true,
          })
        : this.#inspector.send("Debugger.evaluateOnCallFrame", {
            callFrameId: frame.call.callFrameId,
            expression,
            generatePreview: true,
          });
    return reply as Promise<Evaluated>;
  }
}

/** What can't be set says so: the names of V8's internal properties are none of the object's own. */
const SET_PROPERTY = `function (name, value) {
  "use strict";
  if (!(name in this)) throw new TypeError(JSON.stringify(name) + " is no property that can be set");
  this[name] = value;
  return this[name];
}`;

/** A value as V8 takes it back. */
function argumentOf({ objectId, unserializableValue, value }: RemoteObject): Json {
  if (objectId !== undefined) return { objectId };
  return unserializableValue === undefined ? { value } : { unserializableValue };
}

const lineOf = (frames: readonly Frame[]): string =>
  `${frames[0]?.place.path}:${frames[0]?.place.line} ${frames.length}`;

/** @param otherwise what was asked for last; a `debugger` statement counts as a breakpoint */
function stopReason(
  reason: string,
  hitBreakpoints: readonly string[],
  otherwise: StopReason,
): StopReason {
  if (isError(reason)) return "exception";
  return hitBreakpoints.length > 0 ? "breakpoint" : otherwise;
}
