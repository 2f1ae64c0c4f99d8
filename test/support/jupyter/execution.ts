/** @file What a cell's execution came to, read off its messages. */
import type { Client, Exchange, Pending } from "./client.ts";
import type { Content, Received } from "./wire.ts";

export type CellError = { readonly ename: string; readonly evalue: string; readonly trace: string };

/** Messages of one execute_request, sorted by what they say. */
export class Execution {
  readonly #exchange: Exchange;
  readonly ms: number;

  constructor(exchange: Exchange, ms: number) {
    this.#exchange = exchange;
    this.ms = ms;
  }

  get id(): string {
    return this.#exchange.id;
  }

  get reply(): Content {
    return this.#exchange.reply.content;
  }

  get iopub(): readonly Received[] {
    return this.#exchange.iopub;
  }

  of(type: string): readonly Content[] {
    return this.iopub.filter((each) => each.header.msg_type === type).map((each) => each.content);
  }

  text(name: "stdout" | "stderr"): string {
    return this.of("stream")
      .filter((each) => each["name"] === name)
      .map((each) => each["text"])
      .join("");
  }

  get stdout(): string {
    return this.text("stdout");
  }

  /** MIME bundle of the result. */
  get result(): Content | undefined {
    return this.of("execute_result")[0]?.["data"] as Content | undefined;
  }

  /** The result's text without colours. */
  get value(): string | undefined {
    const plain = this.result?.["text/plain"];
    return typeof plain === "string" ? plainText(plain) : undefined;
  }

  get displays(): readonly Content[] {
    return this.of("display_data").map((each) => each["data"] as Content);
  }

  get error(): CellError | undefined {
    const error = this.of("error")[0];
    if (error === undefined) return undefined;
    return {
      ename: String(error["ename"]),
      evalue: plainText(String(error["evalue"])),
      trace: plainText(((error["traceback"] as string[] | undefined) ?? []).join("\n")),
    };
  }
}

/** Without ANSI colours. */
export function plainText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/\u001b\[[\d;]*m/g, "");
}

export type ExecuteOptions = {
  readonly silent?: boolean;
  readonly store_history?: boolean;
  readonly allow_stdin?: boolean;
  readonly stop_on_error?: boolean;
  readonly user_expressions?: Readonly<Record<string, string>>;
};

/** Sends a cell and goes on. */
export function start(client: Client, code: string, options: ExecuteOptions = {}): Pending {
  return client.send("execute_request", {
    code,
    silent: false,
    store_history: true,
    user_expressions: {},
    allow_stdin: true,
    stop_on_error: true,
    ...options,
  });
}

/** Runs a cell to its end. */
export async function finish(
  client: Client,
  pending: Pending,
  timeout = 15_000,
): Promise<Execution> {
  const exchange = await client.within(pending, timeout, "cell");
  return new Execution(exchange, performance.now() - pending.sentAt);
}
