/** @file Every notebook, executed from top to bottom with our kernel: its claims are asserted in it. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeCells, parseNotebook } from "../../src/notebook/index.ts";

const root = join(import.meta.dirname, "../..");
const files = readdirSync(join(root, "notebooks")).filter((file) => file.endsWith(".ipynb"));
const out = mkdtempSync(join(tmpdir(), "rzenlab-notebooks-"));
const rzenlab = (...args: string[]): string =>
  execFileSync(process.execPath, ["bin/rzenlab.js", ...args], { cwd: root, encoding: "utf8" });

beforeAll(() => void rzenlab("data", "prepare"), 900_000);
afterAll(() => rmSync(out, { recursive: true, force: true }));

test.each(files)(
  "%s",
  (file) => {
    const copy = join(out, file);
    rzenlab("notebook", "run", join("notebooks", file), "--out", copy);
    const executed = parseNotebook(readFileSync(copy, "utf8"), file);
    const outputs = codeCells(executed).flatMap(({ cell }) => cell.outputs ?? []);
    const types = outputs.flatMap(({ data }) => Object.keys((data as object | undefined) ?? {}));
    expect(types).toContain("application/vnd.plotly.v1+json");
    expect(types).toContain("image/png");
    expect(statSync(copy).size).toBeLessThan(1_500_000);
  },
  300_000,
);
