/**
 * @file Every notebook, executed from top to bottom with our kernel through nbclient (its claims are asserted in it) and
 * converted to HTML; parameters swept by papermill and by our own command.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Notebook } from "../../src/notebook/index.ts";
import { codeCells, parseNotebook, sourceOf } from "../../src/notebook/index.ts";
import { jupyterEnvironment } from "../support/jupyter/kernelspec.ts";
import { environment } from "./python.ts";

const root = join(import.meta.dirname, "../..");
const files = readdirSync(join(root, "notebooks")).filter((file) => file.endsWith(".ipynb"));
const out = mkdtempSync(join(tmpdir(), "rzenlab-notebooks-"));
let python: string;
let env: NodeJS.ProcessEnv;

const rzenlab = (...args: string[]): string =>
  execFileSync(process.execPath, ["bin/rzenlab.js", ...args], { cwd: root, encoding: "utf8" });
const run = (...args: string[]): string =>
  execFileSync(python, ["-m", ...args], { cwd: root, env, encoding: "utf8", stdio: "pipe" });
const read = (file: string): Notebook => parseNotebook(readFileSync(join(out, file), "utf8"), file);

beforeAll(() => {
  rzenlab("data", "prepare");
  python = environment("papermill", [
    ["papermill==2.7.0", "nbclient==0.11.0", "nbconvert==7.17.2"],
    ["-e", join(root, "notebooks/papermill")],
  ]);
  env = jupyterEnvironment(out);
}, 900_000);
afterAll(() => rmSync(out, { recursive: true, force: true }));

test.each(files)(
  "%s",
  (file) => {
    const source = join(root, "notebooks", file);
    run("nbconvert", "--to", "notebook", "--execute", "--output-dir", out, source);
    const outputs = codeCells(read(file)).flatMap(({ cell }) => cell.outputs ?? []);
    expect(JSON.stringify(outputs)).not.toContain("Type warning");
    const bundles = outputs.flatMap(({ data }) => (data === undefined ? [] : [data as object]));
    const figures = bundles.filter((data) => "application/vnd.plotly.v1+json" in data);
    expect(figures.length).toBeGreaterThan(0);
    for (const bundle of figures) {
      const types = Object.keys(bundle);
      expect(types).toEqual(expect.arrayContaining(["text/html", "image/png", "text/plain"]));
    }
    expect(statSync(join(out, file)).size).toBeLessThan(1_500_000);

    run("nbconvert", "--to", "html", join(out, file));
    const page = readFileSync(join(out, file.replace("ipynb", "html")), "utf8");
    const drawn = page.match(/<figure[^>]*role="img"/g) ?? [];
    expect(drawn).toHaveLength(figures.length);
  },
  900_000,
);

test("papermill and our command set the parameters of the tagged cell", () => {
  const source = "notebooks/02-hardness-weighting.ipynb";
  for (const batchSize of [16, 32]) {
    const file = `sweep-${batchSize}.ipynb`;
    const parameters = ["-p", "batchSize", `${batchSize}`, "-p", "tau", "0.07"];
    run("papermill", source, join(out, file), ...parameters);
    const executed = codeCells(read(file)).map(({ cell }) => cell);
    const injected = executed.find(({ metadata }) =>
      metadata.tags?.includes("injected-parameters"),
    )!;
    expect(sourceOf(injected)).toBe(
      `// Parameters\nlet batchSize = ${batchSize};\nlet tau = 0.07;\n`,
    );
    expect(JSON.stringify(executed.at(-1)!.outputs)).toContain("ratios, all 1.630 = 1 + ατ");
  }
  const own = join(out, "own.ipynb");
  rzenlab("notebook", "run", source, "batchSize=16", "tau=0.07", "--out", own);
  expect(readFileSync(own, "utf8")).toContain("ratios, all 1.630 = 1 + ατ");
  const help = run("papermill", "--help-notebook", source);
  expect(help).toMatch(/batchSize: Unknown type \(default 64\)/);
}, 600_000);
