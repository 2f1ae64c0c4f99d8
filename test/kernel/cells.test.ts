import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "./client.ts";

let client: Client;
let root: string;

function write(path: string, text: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Changes a file as an editor would, some time later. */
let clock = Date.now() / 1000 + 10;
function edit(path: string, text: string): void {
  write(path, text);
  utimesSync(join(root, path), ++clock, clock);
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "rzenlab-cells-"));
  write(
    "tsconfig.json",
    `{ // comments and trailing commas\n "compilerOptions": { "paths": { "@lib/*": ["./src/*"], }, }, }`,
  );
  write(
    "src/loss.ts",
    `import { base } from "./base.js";\nexport enum Kind { A = 1, B }\nexport type Weight = number;\nexport const loss = (x: number): number => x * base;\n`,
  );
  write("src/base.ts", "export const base = 2;\n");
  write("src/other.ts", "export const loaded = Math.random();\n");
  write(
    "src/throws.ts",
    "export interface A { a: number }\n\nexport function thrower(): never {\n  throw new RangeError('from a file');\n}\n",
  );
  write("src/data.json", `{"answer": 42}`);
  write(
    "node_modules/only-exports/package.json",
    `{"name":"only-exports","type":"module","exports":{"./sub":"./lib/sub.js",".":"./lib/main.js"}}`,
  );
  write(
    "node_modules/only-exports/lib/main.js",
    "export const main = await Promise.resolve('awaited');",
  );
  write("node_modules/only-exports/lib/sub.js", "export default 'sub';");
  write("node_modules/common/package.json", `{"name":"common","main":"index.js"}`);
  write(
    "node_modules/common/index.js",
    "const all = { hidden: 1 }; module.exports = all; all['com' + 'puted'] = 2;",
  );
  mkdirSync(join(root, "notebooks"));
  client = await Client.start(join(root, "notebooks"));
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});

test("the last expression is the result, and only an expression", async () => {
  expect(await client.value("const a: number = 1; a + 1")).toBe("2");
  expect((await client.run("const b = 5")).result).toBeUndefined();
  expect((await client.run("for (const x of [1, 2]) x;")).result).toBeUndefined();
  expect(await client.value("({ a: 1n }) as const")).toBe("{ a: 1n }");
  expect(await client.value("null")).toBe("null");
  expect(await client.value("'use me'")).toBe("'use me'");
});

test("anything may be declared again as anything", async () => {
  for (const code of [
    "const q = 1",
    "let q = 2",
    "var q = 3",
    "function q() {}",
    "class q {}",
    "enum q { A }",
    "using q = null",
    "import q from 'node:fs'",
    "namespace q { export const z = 1 }",
    "const { q } = { q: 4 }",
  ]) {
    expect((await client.run(code)).error, code).toBeUndefined();
  }
  expect(await client.value("q")).toBe("4");
});

test("closures see reassignments of later cells", async () => {
  await client.run("let counter = 0; function inc() { return ++counter }");
  await client.run("inc(); inc()");
  expect(await client.value("counter = 100; inc()")).toBe("101");
});

test("bindings survive a later error in the same cell", async () => {
  expect((await client.run("const kept = 5; throw new Error('after')")).error?.["ename"]).toBe(
    "Error",
  );
  expect(await client.value("kept")).toBe("5");
});

test("top-level var, functions and await work in blocks and loops", async () => {
  await client.run(
    "before(); for (var i = 0, top = 3; i < top; i++) {} if (true) { var inBlock = i } function before() { return 1 }",
  );
  expect(await client.value("[i, top, inBlock]")).toBe("[ 3, 3, 3 ]");
  expect(
    await client.value("let sum = 0; for await (const x of [1, Promise.resolve(2)]) sum += x; sum"),
  ).toBe("3");
});

test("full TypeScript runs", async () => {
  await client.run(`enum Level { Low = 1, High }
    class Point { constructor(private readonly x: number, public y = 2) {} get sum() { return this.x + this.y } }
    namespace Shapes { export const corners = 4 }
    abstract class Base<T> { abstract get(): T; declare ghost: string }
    function over(a: string): string; function over(a: number): number; function over(a: any) { return a }
    const checked = { a: 1 } satisfies Record<string, number>;`);
  expect(
    await client.value(
      "[Level.High, Level[1], new Point(1).sum, Shapes.corners, over(7), checked.a!]",
    ),
  ).toBe("[ 2, 'Low', 3, 4, 7, 1 ]");
});

test("using disposes when the cell ends, also asynchronously", async () => {
  const { text } = await client.run(`
    using one = { [Symbol.dispose]() { console.log("one gone") } };
    await using two = { async [Symbol.asyncDispose]() { await 1; console.log("two gone") } };
    console.log("body");`);
  expect(text).toBe("body\ntwo gone\none gone\n");
});

test("standard decorators decorate", async () => {
  await client.run(`function logged(method: any, context: ClassMethodDecoratorContext) {
      return function (this: any, ...args: any[]) { return [String(context.name), context.kind, method.apply(this, args)] } }
    function doubled(_: undefined, context: ClassFieldDecoratorContext) { return (value: number) => value * 2 }
    class Decorated { @doubled size = 4; @logged area(n: number) { return this.size * n } }`);
  expect(await client.value("new Decorated().area(3)")).toBe("[ 'area', 'method', 24 ]");
});

test.each([
  [
    "a built-in",
    `import fs, { readFileSync as read } from "node:fs"; [typeof fs.readFileSync, typeof read]`,
    "[ 'function', 'function' ]",
  ],
  ["an ES module with top-level await", `import { main } from "only-exports"; main`, "'awaited'"],
  ["a subpath", `import sub from "only-exports/sub"; sub`, "'sub'"],
  ["CommonJS by names that are not visible", `import { computed } from "common"; computed`, "2"],
  ["CommonJS by require", `require("common").hidden`, "1"],
  ["a project file", `import { loss, Kind } from "../src/loss.ts"; [loss(3), Kind.B]`, "[ 6, 2 ]"],
  ["a project file without extension", `import * as all from "../src/loss"; all.loss(1)`, "2"],
  ["a project file by a path of tsconfig", `import { base } from "@lib/base"; base`, "2"],
  [
    "only types",
    `import { type Weight, Weight as W } from "../src/loss"; const w: Weight = 1; w`,
    "1",
  ],
  ["JSON", `import data from "../src/data.json"; data.answer`, "42"],
  ["dynamically", `(await import("../src/base")).base`, "2"],
  [
    "below where it is used",
    `const late = base2; import { base as base2 } from "../src/base"; late`,
    "2",
  ],
])("imports %s", async (_, code, expected) => {
  expect(await client.value(code)).toBe(expected);
});

test("a cell knows where it is", async () => {
  expect(await client.value("[import.meta.dirname, __dirname].join()")).toBe(
    `'${join(root, "notebooks")},${join(root, "notebooks")}'`,
  );
  expect(await client.value("import.meta.url.startsWith('file:')")).toBe("true");
  expect(await client.value("import.meta.resolve('../src/base').endsWith('base.ts')")).toBe("true");
});

test("an import that is missing is an error with its name", async () => {
  expect((await client.run(`import { nothing } from "../src/base"; nothing`)).error).toMatchObject({
    ename: "SyntaxError",
    evalue: `the module "../src/base" has no export named "nothing"`,
  });
  expect((await client.run(`import x from "not-installed"`)).error?.["evalue"]).toContain(
    "not-installed",
  );
});

test("a changed file and its importers are fresh, others are not loaded again", async () => {
  await client.run(
    `import { loss } from "../src/loss"; import { loaded } from "../src/other"; const first = loaded;`,
  );
  edit("src/base.ts", "export const base = 10;\n");
  const { result, text } = await client.run(
    `import { loss } from "../src/loss"; import { loaded } from "../src/other"; [loss(1), loaded === first]`,
  );
  expect(result?.["data"]["text/plain"]).toBe("[ 10, true ]");
  // Names of earlier cells are named.
  expect(text).toMatch(/note: \.\.\/src\/(loss|base)\.ts/);
});

test("using a name of a changed file without importing it again is noted once", async () => {
  await client.run(`import { loss as mine } from "../src/loss"`);
  edit("src/loss.ts", "export const loss = (x: number) => -x; export enum Kind { A }");
  expect((await client.run("mine(1)")).text).toMatch(
    /note: \.\.\/src\/loss\.ts has changed; mine \(imported by In\[\d+\]\) still is of the old version/,
  );
  expect((await client.run("mine(1)")).text).toBe("");
});

test("errors show the failing line of the cell and of the file", async () => {
  const cell = (
    await client.run(
      "const fine = 1;\n\nfunction fails(x: number): never {\n  throw new TypeError('no ' + x);\n}\nfails(3)",
    )
  ).error!;
  expect(cell).toMatchObject({ ename: "TypeError", evalue: "no 3" });
  const trace = plain(cell["traceback"]);
  expect(trace).toMatch(/Cell In\[\d+\], line 4/);
  expect(trace).toContain("> 4 |   throw new TypeError('no ' + x);");
  expect(trace).toMatch(/at fails \(Cell In\[\d+\]:4:9\)\n\s+at Cell In\[\d+\]:6:1/);
  expect(trace).not.toContain("node:");
  const file = plain(
    (await client.run(`import { thrower } from "../src/throws"; thrower()`)).error!["traceback"],
  );
  expect(file).toContain("../src/throws.ts:4:9");
  expect(file).toContain("> 4 |   throw new RangeError('from a file');");
});

test("errors show causes and aggregated errors, and thrown values that are none", async () => {
  const chain = plain(
    (await client.run("throw new Error('outer', { cause: new TypeError('inner') })")).error![
      "traceback"
    ],
  );
  expect(chain).toMatch(/Error: outer[\s\S]*caused by:\nTypeError: inner/);
  const many = plain(
    (
      await client.run(
        "await Promise.any([Promise.reject(new Error('e1')), Promise.reject(new RangeError('e2'))])",
      )
    ).error!["traceback"],
  );
  expect(many).toMatch(/error 1 of 2:\nError: e1[\s\S]*error 2 of 2:\nRangeError: e2/);
  expect((await client.run("throw { code: 7 }")).error?.["evalue"]).toBe("{ code: 7 }");
});

test("syntax errors point at the place", async () => {
  const { error } = await client.run("const ok = 1;\nconst broken = ;");
  expect(error?.["ename"]).toBe("SyntaxError");
  expect(plain(error!["traceback"])).toContain("> 2 | const broken = ;");
});

const plain = (traceback: string[]): string =>
  // oxlint-disable-next-line no-control-regex -- ANSI colours begin with one
  traceback.join("\n").replaceAll(/\u001b\[\d+m/g, "");

test("a process that exits, aborts or is killed is replaced", async () => {
  await client.run("const lost = 1");
  for (const [code, reason] of [
    ["process.exit(3)", "code 3"],
    ["process.abort()", "SIGABRT"],
    ["process.kill(process.pid, 'SIGKILL'); for (;;) await null", "when its memory runs out"],
  ] as const) {
    const { error } = await client.run(code);
    expect(error).toMatchObject({
      ename: "RuntimeCrashed",
      evalue: expect.stringContaining(reason) as string,
    });
  }
  expect(await client.value("typeof lost")).toBe("'undefined'");
  expect(await client.value("1 + 1")).toBe("2");
});
