/** @file Notebook files: read, and given parameters. */
import { expect, test } from "vitest";
import { codeCells, parseNotebook, sourceOf, withParameters } from "../../src/notebook/index.ts";

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
