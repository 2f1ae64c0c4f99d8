/** @file The notebook file (nbformat 4): read, and given parameters as papermill does. */

/** A notebook that can't be used; the message says what is wrong where. */
export class NotebookError extends Error {
  override readonly name = "NotebookError";
}

/** An output as nbformat has it. */
export type Output = { readonly output_type: string } & Readonly<Record<string, unknown>>;

export type Cell = {
  readonly id?: string;
  readonly cell_type: "code" | "markdown" | "raw";
  readonly source: string | readonly string[];
  readonly metadata: { readonly tags?: readonly string[] } & Readonly<Record<string, unknown>>;
  readonly outputs?: readonly Output[];
  readonly execution_count?: number | null;
};

export type Notebook = {
  readonly cells: readonly Cell[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly nbformat: number;
  readonly nbformat_minor: number;
};

/** Reads a notebook's text; `name` goes into errors. */
export function parseNotebook(text: string, name: string): Notebook {
  let value: Notebook;
  try {
    value = JSON.parse(text) as Notebook;
  } catch (error) {
    throw new NotebookError(`${name}: not a notebook: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (value?.nbformat !== 4 || !Array.isArray(value.cells)) {
    throw new NotebookError(
      `${name}: expected nbformat 4 with cells, got nbformat ${value?.nbformat}`,
    );
  }
  return value;
}

export function sourceOf({ source }: Cell): string {
  return typeof source === "string" ? source : source.join("");
}

/** Code cells with something in them, and their place among all cells. */
export function codeCells({ cells }: Notebook): { readonly cell: Cell; readonly at: number }[] {
  return cells
    .map((cell, at) => ({ cell, at }))
    .filter(({ cell }) => cell.cell_type === "code" && sourceOf(cell).trim() !== "");
}

/** `const steps = 60;` and `let task: string = "x"` at a line's start. */
const DECLARATION = /^(?:let|const|var)\s+([A-Za-z_$][\w$]*)/gm;

/**
 * The notebook with a cell after the one tagged `parameters` that sets them anew, as papermill makes
 * it. A parameter is `name=value`; the value is JSON, or text where it is none.
 *
 * @throws NotebookError without such a cell, or for a name that it does not declare
 */
export function withParameters(
  notebook: Notebook,
  overrides: readonly string[],
  name: string,
): Notebook {
  if (overrides.length === 0) return notebook;
  const tagged = (tag: string) => (cell: Cell) => cell.metadata.tags?.includes(tag) ?? false;
  const at = notebook.cells.findIndex(tagged("parameters"));
  if (at < 0) throw new NotebookError(`${name}: no cell is tagged "parameters"`);
  const declared = [...sourceOf(notebook.cells[at]!).matchAll(DECLARATION)].map((m) => m[1]!);
  const lines = overrides.map((override) => {
    const cut = override.indexOf("=");
    const key = override.slice(0, Math.max(cut, 0));
    if (cut < 1 || !declared.includes(key)) {
      throw new NotebookError(
        `${name}: "${override}" sets no parameter; expected name=value with ${declared.join(", ")}`,
      );
    }
    return `let ${key} = ${JSON.stringify(valueOf(override.slice(cut + 1)))};`;
  });
  const injected: Cell = {
    id: "injected-parameters",
    cell_type: "code",
    metadata: { tags: ["injected-parameters"] },
    source: `// Parameters of this execution.\n${lines.join("\n")}`,
    outputs: [],
    execution_count: null,
  };
  const rest = notebook.cells.filter((cell) => !tagged("injected-parameters")(cell));
  const place = rest.findIndex(tagged("parameters")) + 1;
  return { ...notebook, cells: rest.toSpliced(place, 0, injected) };
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * The notebook with outputs that every reader shows: code hosts run no scripts and strip drawings from
 * HTML, so an output with a picture keeps the picture and its text.
 */
export function portable(notebook: Notebook): Notebook {
  const kept = ["image/png", "text/plain"];
  const cells = notebook.cells.map((cell) => {
    if (cell.outputs === undefined) return cell;
    const outputs = cell.outputs.map((output) => {
      const data = output["data"] as Readonly<Record<string, unknown>> | undefined;
      if (data?.["image/png"] === undefined) return output;
      const entries = Object.entries(data).filter(([type]) => kept.includes(type));
      return { ...output, data: Object.fromEntries(entries) };
    });
    return { ...cell, outputs };
  });
  return { ...notebook, cells };
}
