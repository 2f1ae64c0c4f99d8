/** @file Completions as the server has them, for the text before the cursor. */
import { type LspCompletion, markdownOf } from "./lsp.ts";
import { isStale, withoutStaleNames } from "./notebook-text.ts";
import { offsetAt, placeAt } from "./places.ts";
import type { ShownCell } from "./service.ts";

/** Details are fetched for lists that a person may read through. */
const DETAILED_ITEMS = 60;
const MAX_ITEMS = 1_000;

export type Completion = {
  readonly text: string;
  /** LSP's CompletionItemKind. */
  readonly kind: number;
  readonly signature?: string;
  readonly documentation?: string;
};

export type Completions = {
  readonly items: readonly Completion[];
  /** UTF-16 offsets of what an item replaces. */
  readonly start: number;
  readonly end: number;
};

export async function completionsIn(
  cell: ShownCell,
  code: string,
  offset: number,
): Promise<Completions> {
  const list = await cell.ask<{ items: LspCompletion[] } | LspCompletion[] | null>(
    "textDocument/completion",
    { position: placeAt(cell.text, cell.start + offset) },
  );
  const all = Array.isArray(list) ? list : (list?.items ?? []);
  const { start, end } = replacedBy(all, cell, code, offset);
  const prefix = code.slice(start, offset).toLowerCase();
  const found = all
    .filter((item) => (editedBy(item, cell)?.start ?? start) === start)
    .map((item) => ({ item, text: textOf(item) }))
    .filter(({ text }) => !isStale(text) && text.toLowerCase().startsWith(prefix))
    .sort(
      (a, b) => compare(a.item.sortText ?? "", b.item.sortText ?? "") || compare(a.text, b.text),
    )
    .slice(0, MAX_ITEMS);
  const detailed = found.length <= DETAILED_ITEMS;
  const items = await Promise.all(
    found.map(async ({ item, text }): Promise<Completion> => {
      const full = detailed ? await cell.resolve(item) : item;
      return {
        text,
        kind: item.kind ?? 1,
        ...(full.detail ? { signature: withoutStaleNames(full.detail) } : {}),
        ...(full.documentation ? { documentation: markdownOf(full.documentation) } : {}),
      };
    }),
  );
  return { items, start, end };
}

type Range = { readonly start: number; readonly end: number };

/**
 * The word before the cursor; but where all items are in a path, the server names another range. Jupyter has one for all:
 * among the members after a dot, `[Symbol.iterator]` alone would replace the dot.
 */
function replacedBy(
  items: readonly LspCompletion[],
  cell: ShownCell,
  code: string,
  offset: number,
): Range {
  const length = /[\p{ID_Continue}$#]*$/u.exec(code.slice(0, offset))![0].length;
  const word = { start: offset - length, end: offset };
  const ranges = items.map((item) => editedBy(item, cell));
  if (ranges.some((range) => range === undefined || range.start === word.start)) return word;
  return ranges.find((range) => range!.start <= offset && offset <= range!.end) ?? word;
}

function editedBy({ textEdit }: LspCompletion, cell: ShownCell): Range | undefined {
  const range = textEdit?.range ?? textEdit?.insert;
  return (
    range && {
      start: offsetAt(cell.text, range.start) - cell.start,
      end: offsetAt(cell.text, range.end) - cell.start,
    }
  );
}

function textOf({ textEdit, insertText, label }: LspCompletion): string {
  return textEdit?.newText ?? insertText ?? label;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
