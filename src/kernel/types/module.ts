/** @file Types in the protocol: `complete_request`, `inspect_request`, and warnings for cells as they run. */
import { join } from "node:path";
import type { Handlers, KernelContext } from "../context.ts";
import type { Json, Origin } from "../protocol/wire.ts";
import { cursorOfOffset, offsetOfCursor } from "../transform/source-position.ts";
import type { ErrorContent } from "../user/messages.ts";
import { LocalFiles } from "../user/modules/local-files.ts";
import { ChangedFiles } from "./changed-files.ts";
import type { Completions } from "./completions.ts";
import { withinPatience } from "./patience.ts";
import { reportOf, typeErrorOf } from "./report.ts";
import { TypeService } from "./service.ts";

/** `off`: not looked for. `warn`: printed below the cell. `strict`: a cell with type errors is not run. */
export type DiagnosticsMode = "off" | "warn" | "strict";

export function types(kernel: KernelContext): Handlers {
  const files = new LocalFiles();
  const notebook = join(kernel.cwd, "notebook.ts");
  const changed = new ChangedFiles((specifier, parent) => files.find(specifier, parent), notebook);
  const service = new TypeService(kernel.cwd, () => {
    files.refresh();
    return changed.take();
  });
  let mode = modeOf(process.env["RZENLAB_DIAGNOSTICS"]) ?? "warn";
  let reported = false;
  /** A kernel without a language server is a kernel all the same; the server's log says why once. */
  const unavailable = (error: Error): undefined => {
    if (!reported) process.stderr.write(`kernel: ${error.message}\n`);
    reported = true;
    return undefined;
  };

  kernel.onExtension("types", (message) => {
    mode = modeOf(message["mode"]) ?? mode;
  });
  kernel.beforeCell = async ({ text, count }): Promise<ErrorContent | undefined> => {
    if (mode !== "strict") return undefined;
    const found = await withinPatience(service.check(text)).catch(unavailable);
    return found && found.length > 0 ? typeErrorOf(found, text, count) : undefined;
  };
  const warn = (text: string, count: number, { header }: Origin): void => {
    void service
      .checkInPassing(text)
      .then((found) => {
        if (found === undefined || found.length === 0) return;
        kernel.output.stream("stderr", reportOf(found, text, count), header);
      })
      .catch(unavailable);
  };
  kernel.events.on("executing", ({ text, count, compiled, request }) => {
    // The cell goes first; this is for when it runs.
    setImmediate(() => {
      changed.follow(compiled.imports.map(({ specifier }) => specifier));
      if (mode === "warn") warn(text, count, request);
      service.accept(text);
    });
  });
  kernel.events.on("shutdown", () => service.close());

  return {
    complete_request: {
      whileBusy: true,
      handle: async (_context, { content }) => {
        const { code, offset } = placeIn("complete_request", content);
        const found = await withinPatience(service.complete(code, offset)).catch(unavailable);
        return completeReply(found ?? fallback(service.names, code, offset), code);
      },
    },
    inspect_request: {
      whileBusy: true,
      handle: async (_context, { content }) => {
        const { code, offset } = placeIn("inspect_request", content);
        const withPlace = content["detail_level"] === 1;
        const text = await withinPatience(service.inspect(code, offset, withPlace)).catch(
          unavailable,
        );
        if (text === undefined) return { found: false, data: {}, metadata: {} };
        const plain = text.replaceAll(/^```\w*\n|\n```$|^```$/gm, "");
        return {
          found: true,
          data: { "text/markdown": text, "text/plain": plain },
          metadata: {},
        };
      },
    },
  };
}

function modeOf(value: unknown): DiagnosticsMode | undefined {
  return value === "off" || value === "warn" || value === "strict" ? value : undefined;
}

/** Reads `code` and `cursor_pos`, naming what is wrong in them. */
function placeIn(type: string, content: Json): { code: string; offset: number } {
  const { code, cursor_pos: cursor } = content;
  if (typeof code !== "string") {
    throw new TypeError(`${type}: code must be a string, got ${JSON.stringify(code)}`);
  }
  if (cursor === undefined || cursor === null) return { code, offset: code.length };
  if (!Number.isSafeInteger(cursor) || (cursor as number) < 0) {
    throw new TypeError(
      `${type}: cursor_pos must be a whole number of code points, got ${JSON.stringify(cursor)}`,
    );
  }
  return { code, offset: offsetOfCursor(code, cursor as number) };
}

/** Names of the notebook, where nobody knows more. */
function fallback(names: readonly string[], code: string, offset: number): Completions {
  const word = /[\p{ID_Continue}$]*$/u.exec(code.slice(0, offset))![0];
  const start = offset - word.length;
  const fitting = code[start - 1] === "." ? [] : names.filter((name) => name.startsWith(word));
  return { items: fitting.map((text) => ({ text, kind: 6 })), start, end: offset };
}

/** LSP's CompletionItemKind in the words that front ends have icons for. */
const KINDS: Readonly<Record<number, string>> = {
  2: "method",
  3: "function",
  4: "class",
  5: "property",
  6: "variable",
  7: "class",
  8: "interface",
  9: "module",
  10: "property",
  13: "enum",
  14: "keyword",
  17: "file",
  19: "folder",
  20: "enum",
  21: "constant",
  25: "type",
};

function completeReply({ items, start, end }: Completions, code: string): Json {
  const place = { start: cursorOfOffset(code, start), end: cursorOfOffset(code, end) };
  return {
    matches: items.map(({ text }) => text),
    cursor_start: place.start,
    cursor_end: place.end,
    metadata: {
      // What JupyterLab reads icons and signatures from.
      _jupyter_types_experimental: items.map(({ text, kind, signature, documentation }) => ({
        ...place,
        text,
        type: KINDS[kind] ?? "variable",
        ...(signature === undefined ? {} : { signature }),
        ...(documentation === undefined ? {} : { documentation }),
      })),
    },
  };
}
