/** @file `execute_request`: the cell is transformed here, run in the user process, and its messages get their parent. */
import type { Cell, KernelContext, Request } from "./context.ts";
import type { Header, Json, Origin } from "./protocol/wire.ts";
import { type CellCode, transformCell } from "./transform/cell.ts";
import { errorContent } from "./user/errors.ts";
import { ProjectConfigs } from "./user/modules/tsconfig.ts";
import type { DoneMessage, FromUser } from "./user/messages.ts";

/** Cells whose late output still finds its way to them. */
const REMEMBERED_CELLS = 2_000;

type ExecuteContent = {
  readonly code: string;
  readonly silent: boolean;
  readonly storeHistory: boolean;
  readonly stopOnError: boolean;
  readonly allowStdin: boolean;
  readonly userExpressions: Record<string, string>;
  /** Of the cell in its notebook, where the front end says so. */
  readonly cellId?: string;
};

/** Reads an execute_request, naming what is wrong in its content. */
export function executeContent(content: Json, { cellId }: Json = {}): ExecuteContent {
  const flag = (name: string, fallback: boolean): boolean => {
    const value = content[name] ?? fallback;
    if (typeof value !== "boolean") {
      throw new TypeError(
        `execute_request: ${name} must be a boolean, got ${JSON.stringify(value)}`,
      );
    }
    return value;
  };
  const { code, user_expressions: expressions = {} } = content;
  if (typeof code !== "string") {
    throw new TypeError(`execute_request: code must be a string, got ${JSON.stringify(code)}`);
  }
  const strings =
    typeof expressions === "object" &&
    expressions !== null &&
    Object.values(expressions).every((each) => typeof each === "string");
  if (!strings) {
    throw new TypeError(
      `execute_request: user_expressions must be an object of strings, got ${JSON.stringify(expressions)}`,
    );
  }
  const silent = flag("silent", false);
  return {
    code,
    silent,
    storeHistory: !silent && flag("store_history", true),
    stopOnError: flag("stop_on_error", true),
    allowStdin: flag("allow_stdin", true),
    userExpressions: expressions as Record<string, string>,
    ...(typeof cellId === "string" ? { cellId } : {}),
  };
}

type Remembered = { readonly request: Origin; readonly allowStdin: boolean };

export class Executor {
  count = 0;
  running: Cell | undefined;
  readonly #context: KernelContext;
  readonly #requests = new Map<number, Remembered>();
  readonly #configs = new ProjectConfigs();
  #nextId = 1;
  #abort = false;
  /** The cell that waits for an answer from the front end. */
  #asking = false;

  constructor(
    context: KernelContext,
    extension: (name: string, message: FromUser & Json, request: Origin | undefined) => void,
  ) {
    this.#context = context;
    context.user.on("message", (message) => {
      if (message.type === "extension") {
        extension(message.name, message, this.#requests.get(message.cell)?.request);
      } else {
        this.#pass(message);
      }
    });
    context.user.on("raw", (name, text) => {
      context.output.stream(name, text, this.#parent(this.#nextId - 1));
    });
    context.user.on("died", (reason) => {
      if (this.running === undefined) {
        context.output.stream(
          "stderr",
          `The process that runs the cells is gone: ${reason}. A new one was started; all variables are lost.\n`,
          this.#parent(this.#nextId - 1),
        );
      }
    });
  }

  /** Is what the front end had queued to be aborted? Asked once after each request. */
  takeAbort(): boolean {
    const abort = this.#abort;
    this.#abort = false;
    return abort;
  }

  #parent(cell: number): Header | Record<string, never> {
    return this.#requests.get(cell)?.request.header ?? {};
  }

  /** An answer to `prompt`, if one is waited for. */
  answerInput(value: string): void {
    if (!this.#asking) return;
    this.#asking = false;
    this.#context.user.answerInput(value);
  }

  #pass(message: FromUser): void {
    const { output } = this.#context;
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the rest is handled before it comes here
    switch (message.type) {
      case "stream":
        return output.stream(message.name, message.text, this.#parent(message.cell));
      case "display": {
        const { data, metadata, id, update, cell } = message;
        const transient = id === undefined ? {} : { display_id: id };
        const type = update ? "update_display_data" : "display_data";
        return output.publish(type, { data, metadata, transient }, this.#parent(cell));
      }
      case "clear":
        return output.publish("clear_output", { wait: message.wait }, this.#parent(message.cell));
      case "input": {
        const cell = this.#requests.get(message.cell);
        if (cell === undefined || !cell.allowStdin)
          return this.#context.user.answerInput(undefined);
        this.#asking = true;
        const { prompt, password } = message;
        output.flush();
        return this.#context.sendInput("input_request", { prompt, password }, cell.request);
      }
      default:
    }
  }

  async execute({ message, content }: Request): Promise<Json> {
    const asked = executeContent(content, message.metadata);
    const { code: text, silent, storeHistory } = asked;
    const { output, events } = this.#context;
    const id = this.#nextId++;
    const { identities, header } = message;
    const request = { identities, header };
    this.#remember(id, { request, allowStdin: asked.allowStdin });
    const count = storeHistory ? ++this.count : this.count + (silent ? 0 : 1);
    if (!silent) {
      output.publish("execute_input", { code: text, execution_count: count }, message.header);
    }
    const done = await this.#run(id, count, asked, request);
    const { error, result } = done;
    if (error !== undefined) {
      if (!silent) output.publish("error", error, message.header);
      this.#abort = asked.stopOnError;
    } else if (result !== undefined && !silent) {
      output.publish("execute_result", { execution_count: count, ...result }, message.header);
    }
    const plain = result?.data["text/plain"];
    events.emit("executed", {
      cell: { count, text },
      storeHistory,
      silent,
      ...(error ? { error } : {}),
      ...(typeof plain === "string" ? { result: plain } : {}),
    });
    return {
      execution_count: count,
      ...(error === undefined
        ? { status: "ok", user_expressions: done.userExpressions, payload: [] }
        : { status: "error", ...error }),
    };
  }

  async #run(
    id: number,
    count: number,
    asked: ExecuteContent,
    request: Origin,
  ): Promise<Pick<DoneMessage, "error" | "result" | "userExpressions">> {
    const { code: text, silent, userExpressions, cellId } = asked;
    const url = `rzenlab-cell-${id}.ts`;
    let compiled: CellCode;
    try {
      compiled = transformCell(text, url, this.#cellOptions());
    } catch (error) {
      return { error: errorContent(error), userExpressions: {} };
    }
    this.running = { id, count, text, url, compiled, request };
    try {
      const refusal = await this.#context.beforeCell?.(this.running);
      if (refusal !== undefined) return { error: refusal, userExpressions: {} };
      this.#context.events.emit("executing", this.running);
      return await this.#context.user.execute({
        type: "execute",
        cell: id,
        count,
        key: cellId ?? text,
        ...(cellId === undefined ? {} : { cellId }),
        text,
        code: compiled.code,
        ...this.#cellOptions(),
        url,
        silent,
        userExpressions,
        imports: compiled.imports,
        names: [...compiled.names],
      });
    } finally {
      this.running = undefined;
      this.#asking = false;
    }
  }

  /** As the notebook's tsconfig.json has it now. */
  #cellOptions(): { legacyDecorators: boolean } {
    return { legacyDecorators: this.#configs.of(this.#context.cwd)?.legacyDecorators ?? false };
  }

  #remember(id: number, remembered: Remembered): void {
    this.#requests.set(id, remembered);
    this.#requests.delete(id - REMEMBERED_CELLS);
  }
}
