import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const bin = join(import.meta.dirname, "../../bin/rzenlab.js");
const home = mkdtempSync(join(tmpdir(), "rzenlab-cli-"));

/** One run of the real command line in a process of its own. */
function rzenlab(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const run = spawnSync(process.execPath, [bin, ...args], { encoding: "utf8" });
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}

const COMMANDS = [
  ["quickstart"],
  ["data", "prepare"],
  ["data", "verify"],
  ["train"],
  ["resume"],
  ["ablate"],
  ["soup"],
  ["eval"],
  ["runs"],
  ["report"],
  ["export"],
  ["import-runs"],
  ["export-runs"],
  ["store", "gc"],
  ["store", "optimize"],
  ["doctor"],
];

test.each(COMMANDS.map((words) => [words.join(" "), words] as const))(
  "%s --help goes to stdout and exits 0",
  (_, words) => {
    const { code, stdout, stderr } = rzenlab(...words, "--help");
    expect(stdout).toContain(`Usage: rzenlab ${words.join(" ")}`);
    expect(stdout).toContain("--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  },
);

test("no command is bad usage: help on stderr, exit 2", () => {
  const { code, stdout, stderr } = rzenlab();
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("Usage: rzenlab");
});

test.each([
  [["trian"], "unknown command 'trian'"],
  [["runs", "--colour"], "unknown option '--colour'"],
  [["import-runs", join(home, "none")], `import-runs: no file or folder ${join(home, "none")}`],
  [["import-runs", home, "--format", "csv"], "--format: expected one of auto, mlflow, mlruns,"],
  [["export-runs"], "required option '--to <place>' not specified"],
  [["store", "gc", "--older-than", "x"], "--older-than: expected a whole number >= 0"],
  [["train"], "missing required argument 'recipe'"],
  [
    ["export", "r", "folder", "--batch", "2"],
    "--batch: only for a file that ends in .onnx; a folder",
  ],
  [["ablate", "quick", "--seeds", "zero", "--home", home], "--seeds: expected a whole number >= 1"],
  [
    ["report", "x", "--format", "docx", "--home", home],
    "--format: expected one of html, md, json, latex",
  ],
])("%j exits 2 and says why", (args, message) => {
  const { code, stderr } = rzenlab(...args);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

test("doctor names every part and prints one JSON document", () => {
  const { code, stdout } = rzenlab("doctor", "--json");
  expect(code).toBe(0);
  const { findings } = JSON.parse(stdout) as { findings: { name: string; ok: boolean }[] };
  const ok = new Map(findings.map((f) => [f.name, f.ok]));
  for (const name of ["node", "executor reference", "onnxruntime cpu", "better-sqlite3", "sharp"]) {
    expect(ok.get(name), name).toBe(true);
  }
  for (const name of [
    "onnxruntime cuda",
    "executor wasm",
    "executor tfjs",
    "ffmpeg",
    "jupyter",
    "fonts",
  ]) {
    expect(ok.has(name), name).toBe(true);
  }
});

test("an old Node hands over to the project's own", () => {
  const old = ["/usr/local/bin/node", "/usr/bin/node"].find((path) => {
    const major = spawnSync(path, ["-p", "process.versions.node.split('.')[0]"], {
      encoding: "utf8",
    });
    return major.status === 0 && Number(major.stdout) < 24;
  });
  // A machine without an older Node starts the file with this one: the same answer is due.
  const version = execFileSync(old ?? process.execPath, [bin, "--version"], { encoding: "utf8" });
  expect(version.trim()).toMatch(/^\d+\.\d+\.\d+$/);
});
