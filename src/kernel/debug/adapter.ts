/** @file The Debug Adapter Protocol as Jupyter speaks it: requests by their command. */
import type { Cell } from "../context.ts";
import type { Json } from "../protocol/wire.ts";
import { type Asked, Breakpoints } from "./breakpoints.ts";
import { WISHES } from "./condition.ts";
import { Execution } from "./execution.ts";
import type { Inspector } from "./inspector.ts";
import { cellPath, HASH_SEED, Sources, TMP_PREFIX, TMP_SUFFIX } from "./sources.ts";
import { Variables } from "./variables.ts";

/** JavaScript has one thread of cells. */
const THREAD = 1;

const CAPABILITIES = {
  supportsConfigurationDoneRequest: true,
  supportsConditionalBreakpoints: true,
  supportsHitConditionalBreakpoints: true,
  supportsLogPoints: true,
  supportsEvaluateForHovers: true,
  supportsSetVariable: true,
  supportsExceptionInfoRequest: true,
  exceptionBreakpointFilters: [
    { filter: "all", label: "All errors, also those that are caught", default: false },
    { filter: "uncaught", label: "Errors that nothing catches", default: false },
  ],
};

export type AdapterOptions = {
  readonly inspector: Inspector;
  /** Folder of the notebook. */
  readonly cwd: string;
  /** Sends an event to all front ends. */
  readonly event: (event: string, body: Json) => void;
};

type Command = (given: Json) => Promise<Json> | Json;

/** One debugger for all front ends. Anything that fails throws with what is wrong. */
export class DebugAdapter {
  readonly #inspector: Inspector;
  readonly #event: AdapterOptions["event"];
  readonly #sources: Sources;
  readonly #breakpoints: Breakpoints;
  readonly #variables: Variables;
  readonly #execution: Execution;
  #started = false;
  #reattached: PromiseWithResolvers<void> | undefined;

  constructor({ inspector, cwd, event }: AdapterOptions) {
    this.#inspector = inspector;
    this.#event = event;
    this.#sources = new Sources(cwd);
    this.#breakpoints = new Breakpoints(inspector, this.#sources);
    this.#variables = new Variables(inspector);
    this.#execution = new Execution(inspector, this.#sources);
    this.#execution.on("stopped", (reason) => {
      this.#variables.clear();
      event("stopped", { reason, threadId: THREAD, allThreadsStopped: true });
    });
    this.#execution.on("continued", () => {
      this.#variables.clear();
      event("continued", { threadId: THREAD, allThreadsContinued: true });
    });
  }

  readonly #commands: Readonly<Record<string, Command>> = {
    debugInfo: () => ({
      isStarted: this.#started,
      hashMethod: "Murmur2",
      hashSeed: HASH_SEED,
      tmpFilePrefix: TMP_PREFIX,
      tmpFileSuffix: TMP_SUFFIX,
      breakpoints: this.#breakpoints.all,
      stoppedThreads: this.#execution.stopped ? [THREAD] : [],
      richRendering: true,
      exceptionPaths: [],
      copyToGlobals: true,
    }),
    initialize: async () => {
      await this.#start();
      return CAPABILITIES;
    },
    attach: () => {
      // After this reply.
      setImmediate(() => this.#event("initialized", {}));
      return {};
    },
    configurationDone: () => ({}),
    dumpCell: ({ code }) => ({ sourcePath: this.#sources.dump(text("dumpCell", "code", code)) }),
    setBreakpoints: async ({ source, breakpoints }) => {
      this.#needStarted("setBreakpoints");
      const path = pathIn("setBreakpoints", source);
      const set = await this.#breakpoints.set(path, breakpointsIn(breakpoints));
      return { breakpoints: set.map((each, id) => ({ id, ...each })) };
    },
    setExceptionBreakpoints: async ({ filters }) => {
      this.#needStarted("setExceptionBreakpoints");
      const asked = Array.isArray(filters) ? filters : [];
      const filter = (["all", "uncaught"] as const).find((each) => asked.includes(each));
      await this.#execution.errors.set(filter ?? "none");
      return {};
    },
    source: ({ source }) => ({
      content: this.#sources.textOf(pathIn("source", source)),
      mimeType: "text/typescript",
    }),
    modules: () => ({ modules: [], totalModules: 0 }),
    threads: () => ({ threads: [{ id: THREAD, name: "cells" }] }),
    stackTrace: () => {
      const stackFrames = this.#execution.frames.map(({ id, name, place }) => ({
        id,
        name,
        source: { path: place.path },
        line: place.line,
        column: place.column,
      }));
      return { stackFrames, totalFrames: stackFrames.length };
    },
    scopes: ({ frameId }) => ({
      scopes: this.#execution.scopesOf(frameId).map(({ name, objectId, ...place }) => ({
        name,
        variablesReference: this.#variables.reference(objectId, place),
        expensive: false,
      })),
    }),
    variables: async ({ variablesReference }) => {
      this.#needStarted("variables");
      return { variables: await this.#variables.of(Number(variablesReference)) };
    },
    setVariable: async ({ variablesReference, name, value }) => {
      this.#needStarted("setVariable");
      const property = text("setVariable", "name", name);
      const expression = text("setVariable", "value", value);
      const target = this.#variables.target(Number(variablesReference));
      const set = await this.#execution.assign(target, property, expression);
      const shown = this.#variables.variable(property, set);
      return { value: shown.value, variablesReference: shown.variablesReference };
    },
    exceptionInfo: () => {
      const { className, description = "" } = this.#execution.exception("exceptionInfo");
      const [first = ""] = description.split("\n");
      const typeName = /^(\w+)(?=:|$)/.exec(first)?.[1] ?? className ?? "Error";
      const message = first.startsWith(`${typeName}: `) ? first.slice(typeName.length + 2) : first;
      return {
        exceptionId: typeName,
        description: message,
        breakMode: this.#execution.errors.breakMode,
        details: { message, typeName, stackTrace: description },
      };
    },
    inspectVariables: async () => {
      this.#needStarted("inspectVariables");
      return { variables: await this.#variables.notebook() };
    },
    richInspectVariables: async ({ variableName, frameId }) => {
      this.#needStarted("richInspectVariables");
      const name = text("richInspectVariables", "variableName", variableName);
      const shown = await this.#execution.evaluate(`__rz.rich(${name}\n)`, frameId);
      return JSON.parse(String(shown.value)) as Json;
    },
    evaluate: async ({ expression, frameId }) => {
      this.#needStarted("evaluate");
      const asked = text("evaluate", "expression", expression);
      const value = await this.#execution.evaluate(asked, frameId);
      const { value: result, variablesReference } = this.#variables.variable("", value);
      return { result, type: value.className ?? value.type, variablesReference };
    },
    copyToGlobals: async ({ srcVariableName, dstVariableName, srcFrameId }) => {
      this.#needStarted("copyToGlobals");
      const from = text("copyToGlobals", "srcVariableName", srcVariableName);
      const to = text("copyToGlobals", "dstVariableName", dstVariableName);
      await this.#execution.evaluate(
        `void (globalThis[${JSON.stringify(to)}] = ${from})`,
        srcFrameId,
      );
      return {};
    },
    pause: async () => {
      this.#needStarted("pause");
      await this.#execution.pause();
      return {};
    },
    continue: () => {
      this.#needStarted("continue");
      this.#execution.resume();
      return { allThreadsContinued: true };
    },
    next: () => this.#step("next", "Debugger.stepOver"),
    stepIn: () => this.#step("stepIn", "Debugger.stepInto"),
    stepOut: () => this.#step("stepOut", "Debugger.stepOut"),
    disconnect: () => this.stop(),
    terminate: () => this.stop(),
  };

  async request(command: string, given: Json): Promise<Json> {
    const run = Object.hasOwn(this.#commands, command) ? this.#commands[command] : undefined;
    if (run === undefined) {
      throw new Error(`debug_request: unknown command ${JSON.stringify(command)}`);
    }
    return run(given);
  }

  async #start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    await this.#execution.attach();
  }

  /** The process that ran the cells is gone: the next cell waits until its successor is debugged as it was. */
  lost(): void {
    this.#execution.detached();
    if (this.#started) this.#reattached ??= Promise.withResolvers();
  }

  /** The successor is there. */
  async reattach(): Promise<void> {
    const { resolve } = this.#reattached ?? {};
    if (resolve === undefined) return;
    try {
      await this.#execution.attach();
      await this.#breakpoints.restore();
    } finally {
      this.#reattached = undefined;
      resolve();
    }
  }

  #needStarted(command: string): void {
    if (!this.#started) throw new Error(`${command}: the debugger was not started (initialize)`);
  }

  #step(command: string, method: string): Json {
    this.#needStarted(command);
    this.#execution.step(command, method);
    return {};
  }

  /** Remembers what runs, and sets its breakpoints. */
  async prepare(cell: Cell): Promise<void> {
    this.#sources.addCell(cell);
    await this.#reattached?.promise;
    if (!this.#started) return;
    await this.#execution.rearm();
    await this.#breakpoints.prepare(cellPath(cell.text), cell.url);
  }

  /** Lets a stopped cell go on without stopping again, so that an interrupt can reach it. */
  async release(): Promise<void> {
    if (this.#started) await this.#execution.release();
  }

  stop(): Json {
    if (this.#started) this.#inspector.detach();
    this.#started = false;
    this.#reattached?.resolve();
    this.#reattached = undefined;
    this.#execution.detached();
    this.#breakpoints.clear();
    this.#execution.errors.forget();
    return {};
  }
}

function text(command: string, name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${command}: ${name} must be a string, got ${JSON.stringify(value)}`);
}

function pathIn(command: string, source: unknown): string {
  return text(command, "source.path", (source as { path?: unknown } | null | undefined)?.path);
}

function breakpointsIn(given: unknown): Asked[] {
  const asked = Array.isArray(given)
    ? given.map((each: Json | null) => ({
        line: each?.["line"],
        // Front ends send empty ones for none.
        ...Object.fromEntries(WISHES.flatMap((name) => (each?.[name] ? [[name, each[name]]] : []))),
      }))
    : [{ line: undefined }];
  const right = asked.every(
    ({ line, ...wishes }) =>
      Number.isSafeInteger(line) &&
      (line as number) > 0 &&
      Object.values(wishes).every((wish) => typeof wish === "string"),
  );
  if (!right) {
    throw new TypeError(
      `setBreakpoints: breakpoints must be a list of objects with a line from 1 and texts as condition, hitCondition and logMessage, got ${JSON.stringify(given)}`,
    );
  }
  return asked as Asked[];
}
