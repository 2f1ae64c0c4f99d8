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
  #crashes = 0;
  #closed = false;

  constructor(executable: string, folder: string) {
    this.#executable = executable;
    this.#folder = folder;
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
    this.#running ??= this.#start();
    const running = await this.#running;
    for (const file of files) await show(running, file);
    if (changed.length > 0) {
      await running.connection.sendNotification("workspace/didChangeWatchedFiles", {
        changes: changed.map((path) => ({ uri: uriOf(path), type: 2 })),
      });
    }
    const answer = await running.connection.sendRequest(method, parameters);
    this.#crashes = 0;
    return answer as Answer;
  }

  async #start(): Promise<Running> {
    const child = spawn(this.#executable, ["--lsp", "--stdio"], {
      cwd: this.#folder,
      stdio: ["pipe", "pipe", "ignore"],
    });
    const ended = (): void => {
      this.#running = undefined;
      if (!this.#closed) this.#crashes++;
      connection.dispose();
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
    });
    await connection.sendNotification("initialized", {});
    return { child, connection, open: new Map() };
  }

  close(): void {
    this.#closed = true;
    void this.#running?.then(({ child }) => child.kill("SIGKILL")).catch(() => undefined);
  }
}

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
