/** @file Notebook files: read, and given parameters. */
import { expect, test } from "vitest";
import {
  codeCells,
  parseNotebook,
  portable,
  sourceOf,
  withParameters,
} from "../../src/notebook/index.ts";

const text = JSON.stringify({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: [
    { id: "a", cell_type: "markdown", metadata: {}, source: "# title" },
    {
      id: "b",
      cell_type: "code",
      metadata: { tags: ["parameters"] },
      source: ["let steps = 60;\n", 'let name = "x";'],
      outputs: [],
    },
    { id: "c", cell_type: "code", metadata: {}, source: "steps", outputs: [] },
  ],
});

test("parameters come in a cell of their own after the tagged one, and replace earlier ones", () => {
  const once = withParameters(
    parseNotebook(text, "n.ipynb"),
    ["steps=5", "name=left and right"],
    "n.ipynb",
  );
  const twice = withParameters(once, ["steps=7"], "n.ipynb");
  expect(once.cells.map(({ id }) => id)).toEqual(["a", "b", "injected-parameters", "c"]);
  expect(sourceOf(once.cells[2]!)).toContain('let steps = 5;\nlet name = "left and right";');
  expect(twice.cells).toHaveLength(4);
  expect(sourceOf(twice.cells[2]!)).toContain("let steps = 7;");
  expect(codeCells(twice).map(({ at }) => at)).toEqual([1, 2, 3]);
});

test("says which parameters there are", () => {
  const notebook = parseNotebook(text, "n.ipynb");
  expect(() => withParameters(notebook, ["step=5"], "n.ipynb")).toThrow(
    'n.ipynb: "step=5" sets no parameter; expected name=value with steps, name',
  );
  const without = { ...notebook, cells: notebook.cells.slice(2) };
  expect(() => withParameters(without, ["steps=5"], "n.ipynb")).toThrow(
    'n.ipynb: no cell is tagged "parameters"',
  );
});

test("says what is no notebook", () => {
  expect(() => parseNotebook("{", "n.ipynb")).toThrow(/^n.ipynb: not a notebook: /);
  expect(() => parseNotebook('{"nbformat":3}', "n.ipynb")).toThrow(
    "n.ipynb: expected nbformat 4 with cells, got nbformat 3",
  );
});

test("a portable copy keeps a picture alone, and other outputs as they are", () => {
  const table = {
    output_type: "display_data",
    data: { "text/html": "<table>", "text/plain": "t" },
  };
  const plot = { output_type: "display_data", metadata: {} };
  const data = { "text/html": "<svg>", "image/png": "iVBO", "text/plain": "[figure]" };
  const stream = { output_type: "stream", name: "stdout", text: "line" };
  const notebook = parseNotebook(text, "n.ipynb");
  const outputs = [table, { ...plot, data }, stream];
  const cells = notebook.cells.map((cell) => (cell.id === "c" ? { ...cell, outputs } : cell));
  const copy = portable({ ...notebook, cells });
  const picture = { "image/png": "iVBO", "text/plain": "[figure]" };
  expect(copy.cells[2]!.outputs).toEqual([table, { ...plot, data: picture }, stream]);
  expect(copy.cells[0]).toEqual(notebook.cells[0]);
});
