/** @file Our kernel under Jupyter's own programs: jupyter_kernel_test, nbconvert, nbclient. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jupyterPython } from "../support/jupyter/environment.ts";
import { jupyterEnvironment, notebook } from "../support/jupyter/kernelspec.ts";

const folder = mkdtempSync(join(tmpdir(), "rzenlab-jupyter-"));
let python: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  python = jupyterPython();
  env = jupyterEnvironment(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KERNEL_TEST = `
import unittest
import jupyter_kernel_test as jkt

class TypeScriptTests(jkt.KernelTests):
    kernel_name = "rzenlab"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('to stderr')"
    completion_samples = [{"text": "Math.flo", "matches": {"floor"}}]
    complete_code_samples = ["1", "const a = 1", "function f() { return 1 }\\n", "for await (const x of []) {}"]
    incomplete_code_samples = ["function f() {", "const x = [1,", "\`open", "if (true) {"]
    invalid_code_samples = ["const = 5", "foo)", "class {{"]
    code_generate_error = "throw new Error('meant')"
    code_execute_result = [{"code": "1 + 2", "result": "3"}, {"code": "await Promise.resolve(4)", "result": "4"}]
    code_display_data = [
        {"code": "display({ 'text/html': '<b>x</b>', 'text/plain': 'x' }, { raw: true });", "mime": "text/html"},
        {"code": "display({ 'image/png': Buffer.from('iVBORw0KGgo=', 'base64'), 'text/plain': 'png' }, { raw: true });", "mime": "image/png"},
    ]
    code_history_pattern = "1 + 2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "Math.floor"
    code_clear_output = "jupyter.clearOutput();"

# A pager is a thing of IPython's: code_page_something stays empty and its test is skipped.
unittest.main()
`;

test("jupyter_kernel_test is green; only its pager test is skipped", () => {
  const file = join(folder, "kernel_test.py");
  writeFileSync(file, KERNEL_TEST);
  const { stderr, status } = spawnSync(python, [file, "-v"], {
    env,
    cwd: folder,
    encoding: "utf8",
    timeout: 240_000,
  });
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/OK \(skipped=1\)/);
  expect(stderr).toMatch(/test_pager.*skipped/);
});

type Output = {
  output_type: string;
  data?: Record<string, unknown>;
  text?: string | string[];
  ename?: string;
  evalue?: string;
  traceback?: string[];
};
type Executed = {
  cells: { cell_type: string; execution_count: number | null; outputs: Output[] }[];
  metadata: { language_info: { name: string } };
};

function execute(name: string, text: string, ...options: string[]): Executed {
  mkdirSync(join(folder, "notebooks"), { recursive: true });
  const file = join(folder, "notebooks", `${name}.ipynb`);
  writeFileSync(file, text);
  const args = ["-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", ...options, file];
  execFileSync(python, args, { env, stdio: "pipe" });
  return JSON.parse(readFileSync(file, "utf8")) as Executed;
}

const joined = (text: string | string[] | undefined): string => [text ?? []].flat().join("");

test("nbconvert executes a notebook: counts, results, streams, displays, every line of a flood", () => {
  mkdirSync(join(folder, "src"), { recursive: true });
  writeFileSync(
    join(folder, "src", "lib.ts"),
    "export const half = (x: number): number => x / 2;\n",
  );
  const { cells, metadata } = execute(
    "runs",
    notebook([
      { markdown: "# Title" },
      { code: "import { half } from '../src/lib.ts';\nhalf(84)" },
      { code: "for (let i = 0; i < 5000; i++) console.log(i);" },
      {
        code: "await new Promise((r) => setTimeout(r, 20)); display({ 'text/html': '<b>b</b>', 'text/plain': 'b' }, { raw: true });",
      },
    ]),
  );
  const code = cells.filter(({ cell_type }) => cell_type === "code");
  expect(code.map(({ execution_count }) => execution_count)).toEqual([1, 2, 3]);
  expect(joined(code[0]!.outputs[0]!.data!["text/plain"] as string)).toBe("42");
  const lines = code[1]!.outputs.map(({ text }) => joined(text)).join("");
  expect(lines).toBe(Array.from({ length: 5000 }, (_, i) => `${i}\n`).join(""));
  expect(joined(code[2]!.outputs[0]!.data!["text/html"] as string)).toBe("<b>b</b>");
  expect(metadata.language_info.name).toBe("typescript");
});

test("nbconvert writes a failing cell's error text, and goes on where it is allowed to", () => {
  const { cells } = execute(
    "fails",
    notebook([{ code: "const kept = 1;\nthrow new RangeError('told')" }, { code: "kept + 1" }]),
    "--allow-errors",
  );
  const error = cells[0]!.outputs.find(({ output_type }) => output_type === "error");
  expect([error?.ename, error?.evalue]).toEqual(["RangeError", "told"]);
  expect(joined(error?.traceback)).toContain("throw new RangeError");
  expect(joined(cells[1]!.outputs[0]!.data!["text/plain"] as string)).toBe("2");
});

test("nbclient raises the cell's error by name and message", () => {
  const file = join(folder, "raises.ipynb");
  writeFileSync(file, notebook([{ code: "throw new TypeError('by name')" }]));
  const script = `
import sys, nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
try:
    NotebookClient(nbformat.read(sys.argv[1], as_version=4), kernel_name="rzenlab", timeout=60).execute()
except CellExecutionError as error:
    print(error.ename, error.evalue)
`;
  const printed = execFileSync(python, ["-c", script, file], { env, encoding: "utf8" });
  expect(printed.trim()).toBe("TypeError by name");
});
