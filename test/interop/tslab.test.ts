/** @file The quickstart under tslab, from the package as it is published: built files, resolved without an exports map. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeCells, parseNotebook, sourceOf } from "../../src/notebook/index.ts";
import { Client } from "../support/jupyter/client.ts";
import { finish, start } from "../support/jupyter/execution.ts";
import { peer } from "../support/jupyter/peers.ts";

const root = join(import.meta.dirname, "../..");
const project = realpathSync(mkdtempSync(join(tmpdir(), "rzenlab-tslab-")));
const home = join(project, ".rzenlab");
let tslab: Client;

beforeAll(async () => {
  execFileSync(process.execPath, ["bin/rzenlab.js", "data", "prepare"], { cwd: root });
  mkdirSync(join(root, ".rzenlab/cache"), { recursive: true });
  mkdirSync(home);
  for (const shared of ["data", "cache"])
    symlinkSync(join(root, ".rzenlab", shared), join(home, shared));
  install();
  const { spec } = peer("tslab");
  const options = { cwd: project, timeout: 120_000 };
  tslab = await Client.launch({ ...spec, env: { ...spec.env, RZENLAB_HOME: home } }, options);
}, 900_000);
afterAll(async () => {
  await tslab?.close();
  rmSync(project, { recursive: true, force: true });
});

/** What the tarball holds, beside the dependencies that are installed here. */
function install(): void {
  const modules = join(project, "node_modules");
  mkdirSync(modules);
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (!name.startsWith(".")) symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  execFileSync("npm", ["pack", "--silent", "--pack-destination", project], { cwd: root });
  const tarball = readdirSync(project).find((name) => name.endsWith(".tgz"))!;
  execFileSync("tar", ["xzf", tarball], { cwd: project });
  cpSync(join(project, "package"), join(modules, "rzenlab"), { recursive: true });
}

/** Runs a cell; tslab refuses one with type errors, and says so in the reply's status. */
async function run(code: string): Promise<{ printed: string; shown: string[] }> {
  const done = await finish(tslab, start(tslab, code), 300_000);
  expect(done.reply["status"], `${code}\n${done.stdout}${done.text("stderr")}`).toBe("ok");
  return { printed: done.stdout, shown: done.displays.flatMap((data) => Object.keys(data)) };
}

test("every export is found without an exports map", async () => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    exports: Record<string, object | string>;
    typesVersions: { "*": Record<string, string[]> };
  };
  const paths = Object.keys(manifest.exports).filter((path) => !path.endsWith(".json"));
  expect(Object.keys(manifest.typesVersions["*"]).map((path) => `./${path}`)).toEqual(
    paths.filter((path) => path !== "."),
  );
  for (const [i, path] of paths.entries()) {
    await run(`import * as m${i} from ${JSON.stringify(path.replace(".", "rzenlab"))};`);
  }
});

test("notebook 01 runs to its claim", async () => {
  const file = join(root, "notebooks/01-quickstart.ipynb");
  const cells = codeCells(parseNotebook(readFileSync(file, "utf8"), file)).map(({ cell }) =>
    sourceOf(cell),
  );
  const [parameters, setup, ablation, ...rest] = cells;
  await run(parameters!);
  await run("steps = 20; seeds = 2;");
  await run(setup!);
  const { printed, shown } = await run(ablation!);
  expect(printed).toContain("| baseline | 2 |");
  expect(shown).toContain("text/html");
  const ends: string[] = [];
  for (const cell of rest) ends.push((await run(cell)).printed);
  // The last cell asserts that the head beats chance and that a rerun trains nothing.
  expect(ends.at(-1)).toMatch(/baseline \d+\.\d %, chance about \d+\.\d %/);
}, 900_000);

// Last: tslab aborts what comes soon after a cell that failed.
test("the types are found, too: a cell that goes against them is refused", async () => {
  const wrong = "const count: string = (await import('rzenlab/notebook')).parseNotebook.length;";
  const done = await finish(tslab, start(tslab, wrong), 60_000);
  expect(done.reply["status"]).toBe("error");
  expect(done.text("stderr")).toContain("Type 'number' is not assignable to type 'string'");
});
