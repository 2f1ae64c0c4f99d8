/** @file The language server as a child process that may be slow, crash, and be started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { pathToFileURL } from "node:url";
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";

/** After so many crashes in a row without an answer in between it is left alone. */
const MAX_CRASHES = 3;
/** A server that nobody asked anything for so long gives its memory back; the next question starts another. */
const IDLE_MS = 10 * 60 * 1_000;

export type ServerFile = {
  readonly path: string;
  readonly language: string;
  readonly text: string;
};

type Running = {
  readonly child: ChildProcess;
  readonly connection: MessageConnection;
  /** Text and version of each open file, as the server has them. */
  readonly open: Map<string, { text: string; version: number }>;
};

/** Speaks to `tsc --lsp --stdio`; starts it when it's first asked, and again if it ended. */
export class LanguageServer {
  readonly #executable: string;
  readonly #folder: string;
  #running: Promise<Running> | undefined;
  #child: ChildProcess | undefined;
  readonly #idleMs: number;
  #idle: NodeJS.Timeout | undefined;
  #asking = 0;
  #crashes = 0;
  #closed = false;

  constructor(executable: string, folder: string, idleMs = IDLE_MS) {
    this.#executable = executable;
    this.#folder = folder;
    this.#idleMs = idleMs;
  }

  /** Its process, once it runs. */
  async pid(): Promise<number | undefined> {
    return (await this.#running)?.child.pid;
  }

  /**
   * Shows `files` to the server as if they lay on disk, then asks. Rejects when the server fails or ends.
   * @param changed files that are different on disk now
   */
  async ask<Answer>(
    files: readonly ServerFile[],
    method: string,
    parameters: unknown,
    changed: readonly string[] = [],
  ): Promise<Answer> {
    if (this.#closed) throw new Error("types: the language server was closed");
    if (this.#crashes >= MAX_CRASHES) {
      throw new Error(`types: the language server ended ${this.#crashes} times without an answer`);
    }
    clearTimeout(this.#idle);
    this.#asking++;
    try {
      const answer = await this.#answer(files, method, parameters, changed);
      this.#crashes = 0;
      return answer as Answer;
    } finally {
      this.#asking--;
      if (this.#asking === 0) this.#idle = setTimeout(() => this.#rest(), this.#idleMs).unref();
    }
  }

  async #answer(
    files: readonly ServerFile[],
    method: string,
    parameters: unknown,
    changed: readonly string[],
  ): Promise<unknown> {
    this.#running ??= this.#start();
    const running = await this.#running;
    for (const file of files) await show(running, file);
    if (changed.length > 0) {
      await running.connection.sendNotification("workspace/didChangeWatchedFiles", {
        changes: changed.map((path) => ({ uri: uriOf(path), type: 2 })),
      });
    }
    return running.connection.sendRequest(method, parameters);
  }

  async #start(): Promise<Running> {
    const child = spawn(this.#executable, ["--lsp", "--stdio"], {
      cwd: this.#folder,
      stdio: ["pipe", "pipe", "ignore"],
      // Go's collector, earlier than by default: a session of cells makes many short-lived programs of the whole project.
      env: { GOGC: "40", ...process.env },
    });
    this.#child = child;
    const ended = (): void => {
      connection.dispose();
      // One that was told to rest has gone already, and another may be there.
      if (this.#child !== child) return;
      this.#running = undefined;
      if (!this.#closed) this.#crashes++;
    };
    const connection = createMessageConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    child.once("error", ended).once("exit", ended);
    // A server that has just died; its exit says so.
    child.stdin.on("error", () => undefined);
    connection.onError(() => undefined);
    connection.onRequest("workspace/configuration", ({ items }: { items: unknown[] }) =>
      items.map(() => ({})),
    );
    connection.onRequest("client/registerCapability", () => null);
    connection.listen();
    lowerPriority(child);
    await connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: uriOf(this.#folder),
      workspaceFolders: null,
      capabilities: CAPABILITIES,
      initializationOptions: { userPreferences: PREFERENCES },
    });
    await connection.sendNotification("initialized", {});
    return { child, connection, open: new Map() };
  }

  #rest(): void {
    const running = this.#running;
    this.#running = undefined;
    this.#child = undefined;
    void running?.then(({ child }) => child.kill("SIGKILL")).catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#idle);
    void this.#running?.then(({ child }) => child.kill("SIGKILL")).catch(() => undefined);
  }
}

/** Nobody asked for packages to be looked up: the server would run `npm install types-registry` at its start. */
const PREFERENCES = { disableAutomaticTypeAcquisition: true };

const CAPABILITIES = {
  textDocument: {
    completion: {
      completionItem: {
        documentationFormat: ["markdown"],
        labelDetailsSupport: true,
        resolveSupport: { properties: ["documentation", "detail"] },
      },
    },
    hover: { contentFormat: ["markdown"] },
    signatureHelp: { signatureInformation: { documentationFormat: ["markdown"] } },
    diagnostic: {},
  },
};

export const uriOf = (path: string): string => pathToFileURL(path).href;

async function show(
  { connection, open }: Running,
  { path, language, text }: ServerFile,
): Promise<void> {
  const uri = uriOf(path);
  const known = open.get(uri);
  if (known?.text === text) return;
  const version = (known?.version ?? 0) + 1;
  open.set(uri, { text, version });
  if (known === undefined) {
    const textDocument = { uri, languageId: language, version, text };
    await connection.sendNotification("textDocument/didOpen", { textDocument });
  } else {
    await connection.sendNotification("textDocument/didChange", {
      textDocument: { uri, version },
      contentChanges: [{ text }],
    });
  }
}

/** Cells go first on a busy machine. */
function lowerPriority({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not allowed here, or it has ended: no reason to do without types.
  }
}
