/** @file `rzenlab notebook run`: a notebook executed from top to bottom with our kernel, parameters set as papermill does. */
import { readFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import { writeAtomic } from "../../experiments/index.ts";
import type { Message } from "../../kernel/index.ts";
import type { Notebook, Output } from "../../notebook/index.ts";
import {
  NotebookError,
  codeCells,
  homeFolder,
  parseNotebook,
  portable,
  sourceOf,
  withParameters,
} from "../../notebook/index.ts";
import { KernelClient } from "../kernel-client.ts";
import { duration, printResult } from "../output.ts";
import { asUsage } from "../usage.ts";

export type NotebookRunOptions = {
  /** Where the executed copy is written; not at all if absent. */
  readonly out?: string;
  /** Of outputs that are pictures, keep the picture alone. */
  readonly portable?: boolean;
  /** Default: as notebooks find it. */
  readonly home?: string;
  readonly json?: boolean;
};

/** Executes a notebook; fails at the first cell that throws, naming it. */
export async function run(
  file: string,
  overrides: readonly string[],
  options: NotebookRunOptions,
): Promise<void> {
  const text = await readFile(file, "utf8");
  const notebook = asUsage(() => withParameters(parseNotebook(text, file), overrides, file));
  const started = performance.now();
  const { executed, error } = await execute(notebook, file, {
    RZENLAB_NOTEBOOK: relative(process.cwd(), file),
    RZENLAB_HOME: resolve(options.home ?? homeFolder(dirname(resolve(file)))),
  });
  if (options.out !== undefined) {
    const copy = options.portable === true ? portable(executed) : executed;
    await writeAtomic(options.out, `${JSON.stringify(copy, null, 1)}\n`);
  }
  if (error !== undefined) throw error;
  const seconds = (performance.now() - started) / 1000;
  const cells = codeCells(notebook).length;
  const written = options.out === undefined ? {} : { out: options.out };
  printResult(
    options.json,
    { notebook: file, cells, seconds, ...written },
    `${file}: ${cells} cells in ${duration(seconds)}${options.out ? `, written to ${options.out}` : ""}`,
  );
}

/** The notebook with outputs up to its end, or to the cell that threw. */
async function execute(
  notebook: Notebook,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly executed: Notebook; readonly error: Error | undefined }> {
  const cells = notebook.cells.map((cell) =>
    cell.cell_type === "code"
      ? { ...cell, outputs: [] as readonly Output[], execution_count: null }
      : cell,
  );
  const todo = codeCells(notebook);
  const client = await KernelClient.start(dirname(resolve(file)), env);
  let error: Error | undefined;
  try {
    for (const [i, { cell, at }] of todo.entries()) {
      process.stderr.write(`${file}: cell ${i + 1} of ${todo.length}\n`);
      const outputs = new Outputs();
      const reply = await client.execute(sourceOf(cell), {
        cellId: cell.id,
        onPublished: (message) => outputs.take(message),
      });
      const count = reply["execution_count"] as number;
      cells[at] = { ...cell, outputs: outputs.list(), execution_count: count };
      if (reply["status"] === "ok") continue;
      const { ename, evalue, traceback = [] } = reply as Record<string, never>;
      error = new NotebookError(
        `${file}: cell ${i + 1} threw ${ename}: ${evalue}\n${(traceback as string[]).join("\n")}`,
      );
      break;
    }
  } finally {
    await client.close();
  }
  const metadata = { ...notebook.metadata, kernelspec: KERNELSPEC };
  return { executed: { ...notebook, cells, metadata }, error };
}

const KERNELSPEC = {
  name: "rzenlab",
  display_name: "TypeScript (RzenLab)",
  language: "typescript",
};

/** What a cell publishes, as nbformat keeps it. */
class Outputs {
  #outputs: Output[] = [];
  /** Display id -> places of its displays. */
  readonly #places = new Map<string, number[]>();
  #clearNext = false;

  take({ header, content }: Message): void {
    const type = header.msg_type;
    if (type === "clear_output") {
      if (content["wait"] === true) this.#clearNext = true;
      else this.#outputs = [];
    } else if (type === "update_display_data") {
      const { data, metadata } = content;
      for (const at of this.#places.get(displayId(content) ?? "") ?? []) {
        this.#outputs[at] = { ...this.#outputs[at]!, data, metadata };
      }
    } else if (["stream", "display_data", "execute_result", "error"].includes(type)) {
      if (this.#clearNext) this.#outputs = [];
      this.#clearNext = false;
      this.#add(type, content);
    }
  }

  list(): readonly Output[] {
    return this.#outputs;
  }

  #add(type: string, content: Message["content"]): void {
    const last = this.#outputs.at(-1);
    if (type === "stream" && last?.["name"] === content["name"] && last?.output_type === "stream") {
      const text = `${String(last["text"])}${String(content["text"])}`;
      this.#outputs[this.#outputs.length - 1] = { ...last, text };
      return;
    }
    const id = displayId(content);
    if (id !== undefined) {
      this.#places.set(id, [...(this.#places.get(id) ?? []), this.#outputs.length]);
    }
    const { transient: _transient, ...kept } = content;
    this.#outputs.push({ output_type: type, ...kept });
  }
}

function displayId(content: Message["content"]): string | undefined {
  return (content["transient"] as { display_id?: string } | undefined)?.display_id;
}
