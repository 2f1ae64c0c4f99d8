/** @file The notebooks as stored: what each must have, without executing them (test/interop does). */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseNotebook, sourceOf } from "../../src/notebook/index.ts";
import { transformCell } from "../../src/kernel/transform/cell.ts";

const folder = join(import.meta.dirname, "../../notebooks");
const files = readdirSync(folder).filter((file) => file.endsWith(".ipynb"));

test("there are nine", () => {
  expect(files.map((file) => file.slice(0, 2))).toEqual(
    Array.from({ length: 9 }, (_, i) => `0${i + 1}`),
  );
});

describe.each(files)("%s", (file) => {
  const notebook = parseNotebook(readFileSync(join(folder, file), "utf8"), file);
  const code = notebook.cells.filter((cell) => cell.cell_type === "code");
  const words = notebook.cells.filter((cell) => cell.cell_type === "markdown").map(sourceOf);

  test("says what it shows, how long it takes and what it claims, with the mathematics", () => {
    for (const part of ["**Shows**", "**Takes**", "**Ends on the claim"]) {
      expect(words[0]).toContain(part);
    }
    expect(words.join("\n")).toMatch(/\$\$[^$]+\$\$|\$[^$]+\$/);
  });

  test("has one parameters cell, unique ids, no outputs, and a claim that can fail", () => {
    const tagged = notebook.cells.filter((cell) => cell.metadata.tags?.includes("parameters"));
    expect(tagged).toHaveLength(1);
    expect(new Set(notebook.cells.map(({ id }) => id)).size).toBe(notebook.cells.length);
    expect(code.every((cell) => cell.outputs?.length === 0)).toBe(true);
    expect(sourceOf(code.at(-1)!)).toContain("assert.");
  });

  test("has an executed copy of these very cells in docs/notebooks, without errors", () => {
    const path = join(folder, "../docs/notebooks", file);
    const copy = parseNotebook(readFileSync(path, "utf8"), path);
    const again = `npx rzenlab notebook run notebooks/${file} --portable --out docs/notebooks/${file}`;
    expect(copy.cells.map(sourceOf), again).toEqual(notebook.cells.map(sourceOf));
    const outputs = copy.cells.flatMap((cell) => cell.outputs ?? []);
    expect(outputs.filter(({ output_type: type }) => type === "error")).toEqual([]);
    expect(outputs.some(({ data }) => "image/png" in ((data as object | undefined) ?? {}))).toBe(
      true,
    );
    expect(JSON.stringify(outputs)).not.toContain("Type warning");
  });

  test("is TypeScript that the kernel understands", () => {
    for (const [i, cell] of code.entries()) {
      expect(() => transformCell(sourceOf(cell), `cell-${i}.ts`)).not.toThrow();
    }
  });
});
