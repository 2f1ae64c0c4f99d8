import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "./client.ts";

let client: Client;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rzenlab-output-"));
  client = await Client.start(folder);
});
afterAll(async () => {
  await client[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

test.each([500, 5_000, 20_000, 200_000])(
  "%d lines in one tick arrive complete, in order, before idle",
  async (lines) => {
    const { text, messages } = await client.run(
      `for (let i = 0; i < ${lines}; i++) console.log(i)`,
      {},
      60_000,
    );
    const expected = Array.from({ length: lines }, (_, i) => `${i}\n`).join("");
    expect(text === expected, `${text.length} of ${expected.length} characters`).toBe(true);
    expect(messages.at(-1)).toMatchObject({ type: "status", content: { execution_state: "idle" } });
    expect(messages.length).toBeLessThan(lines / 2);
  },
);

test("a busy loop's prints arrive while it runs", async () => {
  const id = await client.send("shell", "execute_request", {
    code: `console.log("early"); const end = Date.now() + 1500; while (Date.now() < end);`,
  });
  await client.until(() => client.messages.some((m) => m.parent === id && m.type === "stream"));
  const ended = (): boolean =>
    client.messages.some((m) => m.parent === id && m.content["execution_state"] === "idle");
  expect(ended()).toBe(false);
  await client.outcome(id);
});

test("stdout and stderr keep their order and names, also of child processes", async () => {
  const { messages } =
    await client.run(`console.log("a"); console.error("b"); process.stdout.write("c");
    require("node:child_process").execSync("echo child; echo wrong >&2", { stdio: "inherit" });`);
  const streams = messages
    .filter(({ type }) => type === "stream")
    .map(({ content }) => `${content["name"]}:${content["text"]}`);
  expect(streams.slice(0, 3)).toEqual(["stdout:a\n", "stderr:b\n", "stdout:c"]);
  expect(streams.slice(3).sort()).toEqual(["stderr:wrong\n", "stdout:child\n"]);
});

test("late output goes to the cell that started it", async () => {
  const first = await client.send("shell", "execute_request", {
    code: "setTimeout(() => console.log('late'), 150); 1",
  });
  await client.run("2");
  await client.until(() =>
    client.messages.some(({ type, content }) => type === "stream" && content["text"] === "late\n"),
  );
  expect(client.messages.find(({ content }) => content["text"] === "late\n")?.parent).toBe(first);
});

test("errors in the background are printed, and the kernel lives on", async () => {
  await client.run(
    "setTimeout(() => { throw new Error('from a timer') }); void Promise.reject(new Error('unhandled')); await new Promise((r) => setTimeout(r, 50))",
  );
  const text = client.messages.map(({ content }) => content["text"] ?? "").join("");
  expect(text).toContain("from a timer");
  expect(text).toContain("unhandled");
  expect(await client.value("1")).toBe("1");
});

test("display shows bundles, updates them by id, from the same and from later cells", async () => {
  const { messages } = await client.run(
    `const shown = display({ "text/html": "<b>1</b>", "text/plain": "1" }, { raw: true, id: "mine" }); shown.update({ "text/plain": "2" }, { raw: true }); 0`,
  );
  const displays = messages.filter(({ type }) => type.endsWith("display_data"));
  expect(displays.map(({ type }) => type)).toEqual(["display_data", "update_display_data"]);
  expect(displays[0]!.content).toMatchObject({
    data: { "text/html": "<b>1</b>", "text/plain": "1" },
    transient: { display_id: "mine" },
  });
  const later = await client.run(
    `display("three", { id: "mine", update: true }); jupyter.clearOutput({ wait: true })`,
  );
  expect(later.messages.find(({ type }) => type === "update_display_data")?.content).toMatchObject({
    transient: { display_id: "mine" },
    data: { "text/plain": "'three'" },
  });
  expect(later.messages.find(({ type }) => type === "clear_output")?.content).toEqual({
    wait: true,
  });
});

test(`a value may render itself by Symbol.for("Jupyter.display"), also asynchronously`, async () => {
  const { result } = await client.run(
    `({ async [Symbol.for("Jupyter.display")]() { await 1; return { "text/markdown": "**hi**", "image/png": new Uint8Array([1, 2, 3]) } } })`,
  );
  expect(result?.["data"]).toMatchObject({ "text/markdown": "**hi**", "image/png": "AQID" });
  expect(result?.["data"]["text/plain"]).toContain("Jupyter.display");
  const wrong = await client.run(`({ [Symbol.for("Jupyter.display")]() { return 5 } })`);
  expect(wrong.error?.["evalue"]).toContain(
    "must return an object from MIME types to data, got number",
  );
  expect((await client.run("display(5, { raw: true })")).error?.["evalue"]).toContain(
    "must be an object from MIME types to data, got number",
  );
});

test("records are tables, and say how much is shown", async () => {
  const { result } = await client.run(
    `[{ run: "a<b", loss: 0.123456789 }, { run: "c", loss: 2, note: "x" }]`,
  );
  const { "text/html": html, "text/plain": plain } = result!["data"] as Record<string, string>;
  expect(html).toContain("<th>run</th><th>loss</th><th>note</th>");
  expect(html).toContain("a&lt;b");
  expect(plain).toContain("2 rows × 3 columns");
  expect(plain).toContain("0.123457");
  const long = await client.run("Array.from({ length: 5000 }, (_, i) => ({ i }))");
  expect(long.result!["data"]["text/plain"]).toContain(
    "5000 rows × 1 columns, the first 60 × 1 shown",
  );
});

test.each([
  [
    "new Float32Array([1, 2, NaN])",
    "Float32Array float32 [3]  min 1, mean 1.5, max 2, 1 not finite\n[1, 2, NaN]",
  ],
  [
    "({ shape: [2, 3], dtype: 'bf16', data: new Float32Array(6) })",
    "Object bf16 [2, 3]  min 0, mean 0, max 0\n[0, 0, 0, 0, 0, 0]",
  ],
  ["new Uint8Array(0)", "Uint8Array uint8 [0]  empty\n[]"],
])("numbers are summarised: %s", async (code, text) => {
  expect(await client.value(code)).toBe(text);
});

test("images are shown as images", async () => {
  const { result } = await client.run(`Buffer.from("89504e470d0a1a0a0000000000000000", "hex")`);
  expect(result!["data"]).toEqual({
    "image/png": "iVBORw0KGgoAAAAAAAAAAA==",
    "text/plain": "png image, 16 bytes",
  });
  expect(
    (await client.run(`Buffer.from("<svg xmlns='x'></svg>")`)).result!["data"]["image/svg+xml"],
  ).toBe("<svg xmlns='x'></svg>");
});

test("Plotly figures are one bundle; one output carries the script, and again when its cell is run again", async () => {
  const code = `({ data: [{ type: "scatter", y: new Float32Array([1, 2]) }], layout: { title: { text: "T</script>" } } })`;
  const sizes: number[] = [];
  for (const cell of [code, `${code};`, code]) {
    const data = (await client.run(cell)).result!["data"] as Record<string, any>;
    expect(data["application/vnd.plotly.v1+json"]["data"][0]["y"]).toEqual([1, 2]);
    expect(data["text/plain"]).toBe("Figure: T</script>, 1 trace (scatter)");
    expect(data["text/html"]).toContain("Plotly.newPlot");
    expect(data["text/html"]).not.toContain(`"T</script>`);
    sizes.push(data["text/html"].length);
  }
  expect(sizes.map((size) => size > 1e6)).toEqual([true, false, true]);
});

test("errors that are values are shown, not raised", async () => {
  const { result, error } = await client.run("new RangeError('just a value')");
  expect(error).toBeUndefined();
  expect(result!["data"]["text/plain"]).toMatch(/^RangeError: just a value/);
});

test("large values are summarised", async () => {
  expect((await client.value("'x'.repeat(5e6)")).length).toBeLessThan(60_000);
  expect((await client.value("Array.from({ length: 1e6 }, (_, i) => i)")).length).toBeLessThan(
    10_000,
  );
});

test("tslab's names work", async () => {
  const { messages } = await client.run(
    `import * as tslab from "tslab"; tslab.display.html("<i>x</i>"); const d = tslab.newDisplay(); d.markdown("1"); d.markdown("2"); Object.keys(tslab.versions)`,
  );
  const displays = messages
    .filter(({ type }) => type.endsWith("display_data"))
    .map(({ type, content }) => [type, content["data"]]);
  expect(displays).toEqual([
    ["display_data", { "text/html": "<i>x</i>" }],
    ["display_data", { "text/markdown": "1" }],
    ["update_display_data", { "text/markdown": "2" }],
  ]);
});

test.each([
  [
    "process.stdout.write(5 as never)",
    "write: the chunk must be a string or a Uint8Array, got number",
  ],
  [
    "process.stderr.write(null as never)",
    "write: the chunk must be a string or a Uint8Array, got null",
  ],
  [
    "display('text', { raw: true })",
    "display: with raw, the value must be an object from MIME types to data, got string",
  ],
  [
    "display(null, { raw: true })",
    "display: with raw, the value must be an object from MIME types to data, got null",
  ],
])("%s says what is wrong", async (code, message) => {
  expect((await client.run(code)).error).toMatchObject({ ename: "TypeError", evalue: message });
});
