import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../client.ts";

const project = realpathSync(mkdtempSync(join(tmpdir(), "rzenlab-types-")));
let kernel: Client;

beforeAll(async () => {
  mkdirSync(join(project, "notebooks"));
  writeFileSync(join(project, "tsconfig.json"), '{ "compilerOptions": { "strict": true } }');
  writeFileSync(
    join(project, "loss.ts"),
    "/** Mean loss. */\nexport const mean = (rows: number[]): number => rows.length;\n",
  );
  kernel = await Client.start(join(project, "notebooks"), { diagnostics: "warn" });
});
afterAll(() => kernel[Symbol.asyncDispose]());

test("a wrong type is a warning below the cell, which runs", async () => {
  const { result, reply } = await kernel.run('const n: number = "a" + 1;\nn');
  expect(reply["status"]).toBe("ok");
  expect(result!["data"]["text/plain"]).toContain("a1");
  const warning = (): string | undefined =>
    kernel.messages.find(({ content }) => String(content["text"]).includes("TS2322"))?.content[
      "text"
    ];
  await kernel.until(() => warning() !== undefined);
  expect(warning()).toContain(
    "in cell [1] line 1: Type 'string' is not assignable to type 'number'.",
  );
  expect(warning()).toContain('const n: number = "a" + 1;');
});

test("complete and inspect know what a cell has just declared and what it imports", async () => {
  await kernel.run('import { mean } from "../loss";\nconst 𝒳 = { losses: [1, 2] };');
  const code = "𝒳.lo";
  const completed = (await kernel.request("complete_request", { code, cursor_pos: 4 })).reply;
  expect(completed).toMatchObject({
    status: "ok",
    matches: ["losses"],
    cursor_start: 2,
    cursor_end: 4,
  });
  expect(completed["metadata"]["_jupyter_types_experimental"][0]).toMatchObject({
    type: "property",
    signature: "(property) losses: number[]",
  });
  const inspected = (
    await kernel.request("inspect_request", {
      code: "mean([1])",
      cursor_pos: 2,
      detail_level: 0,
    })
  ).reply;
  expect(inspected["found"]).toBe(true);
  expect(inspected["data"]["text/markdown"]).toContain("const mean: (rows: number[]) => number");
  expect(inspected["data"]["text/plain"]).toContain("Mean loss.");
  const nothing = (await kernel.request("inspect_request", { code: "  ", cursor_pos: 1 })).reply;
  expect(nothing).toMatchObject({ status: "ok", found: false });
});

test("requests with a wrong place are answered with what is wrong", async () => {
  const noCode = (await kernel.request("complete_request", { cursor_pos: 1 })).reply;
  expect(noCode["evalue"]).toBe("complete_request: code must be a string, got undefined");
  const noCursor = (await kernel.request("inspect_request", { code: "a", cursor_pos: "1" })).reply;
  expect(noCursor["evalue"]).toBe(
    'inspect_request: cursor_pos must be a whole number of code points, got "1"',
  );
});

test("a strict notebook does not run a cell with a type error, until it's no longer strict", async () => {
  await kernel.run('jupyter.diagnostics = "strict";');
  const refused = await kernel.run('let ran: number = "no";');
  expect(refused.error).toMatchObject({
    ename: "TS2322",
    evalue: "Type 'string' is not assignable to type 'number'.",
  });
  expect(refused.error!["traceback"].join("")).toContain("The cell was not run");
  expect((await kernel.run("let fine: number = 1; fine")).reply["status"]).toBe("ok");
  const wrong = await kernel.run('(jupyter as any).diagnostics = "loud";');
  expect(wrong.error!["evalue"]).toBe(
    'jupyter.diagnostics must be "off", "warn" or "strict", got "loud"',
  );
  await kernel.run('jupyter.diagnostics = "off";');
  expect((await kernel.run("typeof ran")).result!["data"]["text/plain"]).toContain("undefined");
  expect((await kernel.run('let late: number = "yes"; late')).reply["status"]).toBe("ok");
});
