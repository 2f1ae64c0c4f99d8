import { expect, test } from "vitest";
import { NotebookText, withoutStaleNames } from "../../../src/kernel/types/notebook-text.ts";

function after(...cells: string[]): NotebookText {
  const notebook = new NotebookText();
  for (const cell of cells) notebook.accept(cell);
  return notebook;
}

/** Without the empty statements between cells. */
const text = (notebook: NotebookText, next = ""): string =>
  notebook
    .precedes(next)()
    .split(/\n;?\n?/)
    .filter((line) => line.trim() !== "" && line !== ";")
    .join("\n");

test("declarations and assignments stay, everything else goes", () => {
  const notebook = after(
    "let best;\nconsole.log(1); throw new Error('x');\nbest = 3;",
    "process.exit();\nfor (var i = 0; i < 3; i++) train(i);\nwhile (true) {}",
  );
  expect(text(notebook)).toBe(
    "let best;\n \nbest = 3;\nfor (var i = 0; i < 3; i++) train(i);".replace("\n \n", "\n"),
  );
  expect(notebook.names).toEqual(["best", "i"]);
});

test("a name that is declared again leaves the older uses with the older binding", () => {
  const notebook = after(
    "const x = 1;",
    "const y = x + 1;\nfunction f() { return { x }; }",
    'const x = "a";',
  );
  expect(text(notebook)).toBe(
    'const x__rz1 = 1;\nconst y = x__rz1 + 1;\nfunction f() { return { x: x__rz1 }; }\nconst x = "a";',
  );
  expect(notebook.names).toEqual(["y", "f", "x"]);
});

test("property names, members, enum members and labels are not references", () => {
  const notebook = after(
    "const x = { x: 1, y: { x: 2 } };\nconst z = x.x + x['y'].x;\ntype T = { x: typeof x };\nenum E { x }",
    "const x = 0;",
  );
  expect(text(notebook)).toBe(
    "const x__rz1 = { x: 1, y: { x: 2 } };\nconst z = x__rz1.x + x__rz1['y'].x;\ntype T = { x: typeof x__rz1 };\nenum E { x }\nconst x = 0;",
  );
});

test("imports are renamed on their local side", () => {
  const notebook = after(
    'import { a, b as c } from "m";\nconst used = a + c;',
    'import { a, b as c } from "n";',
  );
  expect(text(notebook)).toBe(
    'import { a as a__rz1, b as c__rz2 } from "m";\nconst used = a__rz1 + c__rz2;\nimport { a, b as c } from "n";',
  );
});

test("destructuring keeps its keys", () => {
  const notebook = after("const { x, z: { w } } = f();\nconst k = x + w;", "let x = 1, w = 2;");
  expect(text(notebook)).toBe(
    "const { x: x__rz1, z: { w: w__rz2 } } = f();\nconst k = x__rz1 + w__rz2;\nlet x = 1, w = 2;",
  );
});

test("a cell that is run again and again is there once", () => {
  const cell = 'import { f } from "m";\nconst rows = f();\nclass Model {}';
  expect(text(after(cell, cell, cell, cell))).toBe(cell);
});

test("the cell being typed takes its names from the older cells, also when it can't be parsed yet", () => {
  const notebook = after("const x = 1;\nconst y = x;");
  expect(text(notebook, "const x = ")).toBe("const x__rz1 = 1;\nconst y = x__rz1;");
  expect(text(notebook, "z.")).toBe("const x = 1;\nconst y = x;");
});

test("code that can't be parsed adds nothing", () => {
  expect(text(after("const a = 1;", "const b = ;"))).toBe("const a = 1;");
});

test("stale names never reach the reader", () => {
  expect(withoutStaleNames("const y: Model__rz12<x__rz1>")).toBe("const y: Model<x>");
});

test("cells that are run again and again stand there once, or not at all", () => {
  const notebook = after("let lr = 1;");
  for (let i = 0; i < 5; i++) {
    notebook.accept("lr = 0.1;");
    notebook.accept(`// look ${i}\nconsole.log(lr);`);
  }
  expect(text(notebook)).toBe("let lr = 1;\nlr = 0.1;");
});

test("what precedes a cell is of the cells accepted when it was asked for", () => {
  const notebook = after("const x = 1;");
  const precedes = notebook.precedes("x");
  notebook.accept("const x = 'later';");
  expect(precedes()).toBe("const x = 1;\n;\n");
});
