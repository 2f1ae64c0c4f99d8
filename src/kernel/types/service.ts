/** @file What is known of types: completions, descriptions and errors for the cell being written. */
import { join } from "node:path";
import { type Completions, completionsIn } from "./completions.ts";
import { DOCUMENT, projectFiles } from "./config.ts";
import { findServer } from "./find-server.ts";
import type { LspCompletion, LspDiagnostic } from "./lsp.ts";
import { NotebookText, withoutStaleNames } from "./notebook-text.ts";
import { descriptionIn } from "./description.ts";
import { offsetAt } from "./places.ts";
import { Questions } from "./questions.ts";
import { LanguageServer, type ServerFile, uriOf } from "./server.ts";

export type CellDiagnostic = {
  readonly code: number;
  readonly message: string;
  /** UTF-16 offsets in the cell. */
  readonly start: number;
  readonly end: number;
};

/** The document while it shows one cell. */
export type ShownCell = {
  /** All of it, and where the cell starts in it. */
  readonly text: string;
  readonly start: number;
  readonly uri: string;
  /** A request about the document. */
  ask<Answer>(method: string, parameters: object): Promise<Answer>;
  resolve(item: LspCompletion): Promise<LspCompletion>;
};

/** Speaks of one notebook in `folder`. The document shows one cell at a time, so questions wait for each other. */
export class TypeService {
  readonly #folder: string;
  readonly #notebook = new NotebookText();
  readonly #document: string;
  readonly #changedFiles: () => readonly string[];
  readonly #questions = new Questions();
  #server: Promise<LanguageServer> | undefined;

  /** @param changedFiles local files that may have changed since it was last called */
  constructor(folder: string, changedFiles: () => readonly string[] = () => []) {
    this.#folder = folder;
    this.#document = join(folder, DOCUMENT);
    this.#changedFiles = changedFiles;
  }

  /** Takes a cell that runs into what later cells know. */
  accept(code: string): void {
    this.#notebook.accept(code);
  }

  /** Names bound in the notebook: what can be offered when there is no server. */
  get names(): readonly string[] {
    return this.#notebook.names;
  }

  /** The server's process, once it was needed. */
  async serverPid(): Promise<number | undefined> {
    return (await this.#server)?.pid();
  }

  /** What fits at `offset` (UTF-16) of a cell. */
  complete(code: string, offset: number): Promise<Completions> {
    const show = this.#shows(code);
    return this.#questions.ask(() => completionsIn(show(), code, offset));
  }

  /** Markdown on what stands at `offset`, or on the call around it; nothing if there is nothing to say. */
  inspect(code: string, offset: number, withPlace = false): Promise<string | undefined> {
    const show = this.#shows(code);
    return this.#questions.ask(() => descriptionIn(show(), offset, withPlace));
  }

  /** Errors in the cell, in order. */
  check(code: string): Promise<CellDiagnostic[]> {
    const show = this.#shows(code);
    return this.#questions.ask(() => diagnosticsIn(show()));
  }

  /** The same when nobody waits for it; nothing for a cell that many others have followed meanwhile. */
  checkInPassing(code: string): Promise<CellDiagnostic[] | undefined> {
    const show = this.#shows(code);
    return this.#questions.askInPassing(() => diagnosticsIn(show()));
  }

  close(): void {
    void this.#server?.then((server) => server.close()).catch(() => undefined);
  }

  /** Shows the cell after the cells accepted by now, whichever are accepted until it is its turn. */
  #shows(code: string): () => ShownCell {
    const precedes = this.#notebook.precedes(code);
    return () => this.#cell(precedes(), code);
  }

  #cell(before: string, code: string): ShownCell {
    const text = before + code;
    const uri = uriOf(this.#document);
    const document: ServerFile = { path: this.#document, language: "typescript", text };
    const ask = async <Answer>(method: string, parameters: object): Promise<Answer> => {
      const server = await (this.#server ??= this.#start());
      const files = [...projectFiles(this.#folder), document];
      return server.ask<Answer>(files, method, parameters, this.#changedFiles());
    };
    return {
      text,
      uri,
      start: before.length,
      ask: (method, parameters) => ask(method, { textDocument: { uri }, ...parameters }),
      resolve: (item) => ask("completionItem/resolve", item),
    };
  }

  async #start(): Promise<LanguageServer> {
    const found = await findServer(this.#folder);
    if ("missing" in found) throw new Error(`types: ${found.missing}`);
    return new LanguageServer(found.executable, this.#folder);
  }
}

async function diagnosticsIn(cell: ShownCell): Promise<CellDiagnostic[]> {
  const report = await cell.ask<{ items?: LspDiagnostic[] } | null>("textDocument/diagnostic", {});
  return (report?.items ?? [])
    .filter(({ severity }) => severity === 1)
    .map(({ range, code, message }) => ({
      code: Number(code),
      message: withoutStaleNames(message),
      start: offsetAt(cell.text, range.start) - cell.start,
      end: offsetAt(cell.text, range.end) - cell.start,
    }))
    .filter(({ start }) => start >= 0)
    .sort((a, b) => a.start - b.start);
}
