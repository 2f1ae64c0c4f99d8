import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TypeService } from "../../../src/kernel/types/service.ts";

/** A project whose notebooks lie outside its tsconfig, as they do everywhere. */
const project = realpathSync(mkdtempSync(join(tmpdir(), "rzenlab-types-")));
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
};
const changed: string[] = [];
let types: TypeService;

beforeAll(() => {
  write("package.json", '{ "type": "module" }');
  write(
    "tsconfig.json",
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noUncheckedIndexedAccess: true,
        erasableSyntaxOnly: true,
        noUnusedLocals: true,
        module: "nodenext",
        types: [],
        lib: ["esnext"],
        paths: { "@lib/*": ["./src/*"] },
      },
      include: ["src"],
    }),
  );
  write(
    "src/loss.ts",
    "/** Mean of the row losses.\n * @param rows one loss a row */\nexport function meanLoss(rows: number[]): number { return rows[0]! }\n",
  );
  write("notebooks/other.json", '{ "epochs": 3 }');
  types = new TypeService(join(project, "notebooks"), () => changed.splice(0));
});
afterAll(() => types.close());

const at = (code: string): [string, number] => {
  const offset = code.indexOf("|");
  return [code.replace("|", ""), offset];
};

test("members are completed with signature and documentation", async () => {
  const [code, offset] = at("const words = ['a'];\nwords.ma|");
  const { items, start, end } = await types.complete(code, offset);
  expect(items.map(({ text }) => text)).toEqual(["map"]);
  expect([start, end]).toEqual([offset - 2, offset]);
  expect(items[0]!.signature).toContain("map<U>(callbackfn: (value: string, index: number");
  expect(items[0]!.documentation).toContain("Calls a defined callback function on each element");
});

test("right after the dot all members come, though one of them would replace the dot", async () => {
  const [code, offset] = at("const words = ['a'];\nwords.|");
  const { items, start, end } = await types.complete(code, offset);
  const names = items.map(({ text }) => text);
  expect(names).toContain("toSorted");
  expect(names).not.toContain("[Symbol.iterator]");
  expect([start, end]).toEqual([offset, offset]);
});

test("bindings of accepted cells are completed, also one that was declared again", async () => {
  types.accept("const batch = { rows: 3 };\nconst half = batch.rows / 2;");
  types.accept('import { meanLoss } from "../src/loss";\nconst batch = { pairs: [[1, 2]] };');
  const names = (await types.complete("ba", 2)).items.map(({ text }) => text);
  expect(names.filter((name) => name.startsWith("batch"))).toEqual(["batch"]);
  const members = await types.complete("batch.", 6);
  expect(members.items.map(({ text }) => text)).toEqual(["pairs"]);
  expect(members.items[0]!.signature).toContain("number[][]");
  expect((await types.complete("half.toF", 8)).items[0]!.text).toBe("toFixed");
});

test("paths in imports are completed", async () => {
  const [code, offset] = at('import { meanLoss as m } from "../src/|";');
  const { items, start } = await types.complete(code, offset);
  expect(items.map(({ text }) => text)).toContain("loss");
  expect(code.slice(start, offset)).toBe("");
});

test("a project's function is described with its JSDoc, at its name and within its call", async () => {
  const [code, offset] = at("meanLo|ss([1])");
  const text = await types.inspect(code, offset, true);
  expect(text).toContain("function meanLoss(rows: number[]): number");
  expect(text).toContain("Mean of the row losses.");
  expect(text).toContain("one loss a row");
  expect(text).toContain(`Defined in \`${project}/src/loss.ts:3\``);
  const [call, inside] = at("meanLoss(|)");
  expect(await types.inspect(call, inside)).toContain("meanLoss(rows: number[]): number");
  expect(await types.inspect("   ", 1)).toBeUndefined();
});

test("errors are those of the project's own strictness, in the cell's offsets", async () => {
  const code = 'const n: number = "a";\nconst first: number = [1, 2][0];';
  const found = await types.check(code);
  expect(found.map(({ code }) => code)).toEqual([2322, 2322]);
  expect(found[0]!.message).toBe("Type 'string' is not assignable to type 'number'.");
  expect(code.slice(found[0]!.start, found[0]!.end)).toBe("n");
  expect(found[1]!.message).toContain("'number | undefined' is not assignable to type 'number'");
});

test("what the kernel runs is no error: enums, await, paths, JSON, unused and repeated names, its globals", async () => {
  const code = `import { meanLoss as again } from "@lib/loss";
import other from "./other.json";
import { meanLoss } from "../src/loss.ts";
enum Split { train, dev }
class Point { constructor(public x: number) {} }
const batch = await Promise.resolve(other.epochs);
for await (const row of [1]) display(row);
using held = { [Symbol.dispose]() {} };
if (!jupyter.signal.aborted) prompt("go on?").trim();
const unused = new Point(batch).x;`;
  expect(await types.check(code)).toEqual([]);
});

test("a changed project file is seen once it is named", async () => {
  write("src/loss.ts", "export function meanLoss(rows: string): string { return rows }\n");
  changed.push(join(project, "src/loss.ts"));
  expect(await types.inspect("meanLoss", 3)).toContain("meanLoss(rows: string): string");
});

test("questions asked at once are each answered for their own cell", async () => {
  const [a, b, c] = await Promise.all([
    types.inspect("const one = 1;", 7),
    types.check('const two: number = "2";'),
    types.complete("const three = [3];\nthree.ma", 27),
  ]);
  expect(a).toContain("const one: 1");
  expect(b).toHaveLength(1);
  expect(c.items.map(({ text }) => text)).toEqual(["map"]);
});

test("a killed server is started again", async () => {
  process.kill((await types.serverPid())!, "SIGKILL");
  await expect
    .poll(() => types.inspect("batch", 2).catch((error: Error) => error.message), {
      timeout: 20_000,
    })
    .toContain("pairs: number[][]");
});
