/** @file One cell from code to `done`. */
import { DEBUG_NAMES } from "../debug/user-side.ts";
import { transformCell } from "../transform/cell.ts";
import { LEGACY_HELPERS } from "../transform/decorators.ts";
import type { CellRun, Cells } from "./cells.ts";
import { type Channel, writeFully } from "./channel.ts";
import { errorContent } from "./errors.ts";
import { Repl } from "./evaluate.ts";
import { type Interrupts, KeyboardInterrupt } from "./interrupt.ts";
import { type DoneMessage, type ExecuteCommand, streamMark } from "./messages.ts";
import type { Importer } from "./modules/importer.ts";
import type { LocalFiles } from "./modules/local-files.ts";
import { StaleNames } from "./modules/stale-names.ts";
import { richOf } from "./rich.ts";
import type { SourceMaps } from "./source-maps.ts";

export type RunnerParts = {
  readonly channel: Channel;
  readonly cells: Cells;
  readonly interrupts: Interrupts;
  readonly importer: Importer;
  readonly files: LocalFiles;
  readonly maps: SourceMaps;
};

export class CellRunner {
  readonly #parts: RunnerParts;
  readonly #repl = new Repl();
  readonly #stale: StaleNames;
  #abandon: (() => void) | undefined;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#stale = new StaleNames(parts.files, parts.importer.meta.filename);
  }

  /** Names that transformed cells call. */
  installGlobals(): void {
    const { cells, importer, interrupts } = this.#parts;
    const { meta } = importer;
    const names = {
      ...interrupts.globals(),
      babelHelpers: LEGACY_HELPERS,
      __rz: {
        import: importer.import.bind(importer),
        require: importer.require,
        ...DEBUG_NAMES,
        meta,
        __dirname: meta.dirname,
        __filename: meta.filename,
        use: <T extends Disposable | null | undefined>(value: T): T =>
          cells.current.disposables.use(value),
        useAsync: async <T extends AsyncDisposable | Disposable | null | undefined>(
          value: T,
        ): Promise<T> => cells.current.disposables.use(value),
      },
    };
    for (const [name, value] of Object.entries(names)) {
      Object.defineProperty(globalThis, name, { value });
    }
  }

  async warmUp(): Promise<void> {
    await this.#repl.evaluate("await 0; undefined", "rzenlab:warm-up");
  }

  close(): void {
    this.#repl.close();
  }

  /** Ends the running cell whose code was terminated: no callback of its own will. */
  abandon(): void {
    this.#abandon?.();
  }

  async run(command: ExecuteCommand): Promise<void> {
    const { channel, cells, maps } = this.#parts;
    const { cell: id, count, key, cellId, text, url, legacyDecorators } = command;
    maps.add(url, `Cell In[${count}]`, text, () =>
      transformCell(text, url, { legacyDecorators }).map(),
    );
    this.#note(command);
    const done = await cells.start({ id, count, key, cellId }, (run) =>
      this.#execute(command, run),
    );
    channel.flush();
    for (const fd of [1, 2]) writeFully(fd, streamMark(id));
    channel.send(done);
  }

  async #execute(command: ExecuteCommand, run: CellRun): Promise<DoneMessage> {
    const { cells } = this.#parts;
    const { cell, silent } = command;
    const abandoned = new Promise<{ ok: false; error: unknown }>((resolve) => {
      this.#abandon = () => resolve({ ok: false, error: new KeyboardInterrupt() });
    });
    try {
      if (this.#parts.interrupts.meantFor(cell)) throw new KeyboardInterrupt();
      const outcome = await Promise.race([
        this.#repl.evaluate(command.code, command.url),
        abandoned,
      ]);
      await run.disposables.disposeAsync();
      await Promise.all(run.displays);
      if (!outcome.ok)
        return { type: "done", cell, error: errorContent(outcome.error), userExpressions: {} };
      const result =
        outcome.value === undefined || silent
          ? undefined
          : await richOf(outcome.value, { cellKey: command.key });
      const userExpressions = await this.#userExpressions(command);
      return { type: "done", cell, ...(result ? { result } : {}), userExpressions };
    } catch (error) {
      return { type: "done", cell, error: errorContent(error), userExpressions: {} };
    } finally {
      this.#abandon = undefined;
      cells.finish(run);
    }
  }

  async #userExpressions(command: ExecuteCommand): Promise<Record<string, unknown>> {
    const results: Record<string, unknown> = {};
    for (const [name, expression] of Object.entries(command.userExpressions)) {
      try {
        const { code } = transformCell(`(${expression}\n)`, `${command.url}#${name}`);
        const outcome = await this.#repl.evaluate(code, `${command.url}#${name}`);
        if (!outcome.ok) throw outcome.error;
        results[name] = {
          status: "ok",
          ...(await richOf(outcome.value, { cellKey: command.key })),
        };
      } catch (error) {
        results[name] = { status: "error", ...errorContent(error) };
      }
    }
    return results;
  }

  /** Says which names of earlier cells still hold what a changed file used to export. */
  #note(command: ExecuteCommand): void {
    for (const note of this.#stale.check(command)) {
      this.#parts.channel.stream(command.cell, "stderr", `note: ${note}\n`);
    }
  }
}
