/** @file What comes out: streams, floods, results, displays. */
import {
  type Case,
  check,
  equal,
  type Code,
  type Group,
  includes,
  type Session,
} from "./session.ts";

/** A cell whose display must hold the given MIME types. */
async function displays(kernel: Session, code: Code, types: readonly string[]): Promise<void> {
  const done = await kernel.ok(code);
  const bundle = done.result ?? done.displays[0];
  check(bundle !== undefined, "neither result nor display");
  for (const type of types)
    check(type in bundle, `no ${type}, only ${Object.keys(bundle).join(", ")}`);
}

const flood = (lines: number): Case => ({
  name: `${lines} lines in one tick: complete, in order, idle last`,
  run: async (kernel) => {
    const { client } = kernel;
    const since = client.published.length;
    const done = await kernel.execute(
      {
        typescript: `for (let i = 0; i < ${lines}; i++) console.log("line " + i)`,
        python: `for i in range(${lines}): print("line", i)`,
      },
      { timeout: 60_000 },
    );
    // What arrives after idle came too late for a front end that has moved on.
    const last = done.iopub.at(-1)!;
    equal(last.content["execution_state"], "idle", "last message");
    const got = done.stdout.split("\n");
    equal(got.length - 1, lines, "lines");
    got.pop();
    check(
      got.every((line, i) => line === `line ${i}`),
      "lines out of order",
    );
    await kernel.wait(50);
    const late = client.published
      .slice(since)
      .filter((each) => each.header.msg_type === "stream" && each.at > last.at);
    equal(late.length, 0, "messages after idle");
  },
});

export const output: Group = {
  name: "output",
  cases: [
    flood(500),
    flood(5_000),
    flood(20_000),
    flood(200_000),
    {
      name: "one line of 20 MB, then idle",
      run: async (kernel) => {
        const done = await kernel.execute(
          { typescript: "console.log('x'.repeat(20_000_000))", python: "print('x' * 20_000_000)" },
          { timeout: 30_000 },
        );
        equal(done.stdout.length, 20_000_001, "characters");
      },
    },
    {
      name: "stdout and stderr keep their order",
      run: async (kernel) => {
        const done = await kernel.ok({
          typescript:
            "for (let i = 0; i < 5; i++) { console.log('o' + i); console.error('e' + i) }",
          python:
            "import sys\nfor i in range(5):\n    print(f'o{i}', flush=True)\n    print(f'e{i}', file=sys.stderr, flush=True)",
        });
        const all = done
          .of("stream")
          .map((each) => each["text"])
          .join("")
          .replaceAll("\n", " ")
          .trim();
        equal(all, "o0 e0 o1 e1 o2 e2 o3 e3 o4 e4", "order");
      },
    },
    {
      name: "process.stdout.write without a line end",
      run: (kernel) =>
        kernel.prints(
          {
            typescript: "process.stdout.write('no'); process.stdout.write(' end')",
            python: "import sys\n_ = sys.stdout.write('no end')",
          },
          "no end",
        ),
    },
    {
      name: "output is live while the cell computes",
      run: async (kernel) => {
        const { client } = kernel;
        const pending = kernel.start({
          typescript:
            "console.log('begin'); { const end = Date.now() + 1500; while (Date.now() < end); } console.log('end')",
          python:
            "import time\nprint('begin', flush=True)\nend = time.time() + 1.5\nwhile time.time() < end: pass\nprint('end')",
        });
        const begin = await client.heard(
          "begin",
          ({ content }) => String(content["text"]).includes("begin"),
          { timeout: 10_000 },
        );
        await client.within(pending, 15_000);
        check(begin.at - pending.sentAt < 1_300, "the first line came with the last");
      },
    },
    {
      name: "output of a child process",
      run: (kernel) =>
        kernel.prints(
          {
            typescript:
              "import { spawnSync } from 'node:child_process'; spawnSync('echo', ['from a child'], { stdio: 'inherit' });",
            python: "import subprocess\n_ = subprocess.run(['echo', 'from a child'])",
          },
          "from a child",
        ),
    },
    {
      name: "output of a child that runs on arrives between its cells' output",
      run: async (kernel) => {
        const { client } = kernel;
        const since = client.published.length;
        await kernel.ok(
          "import { spawn } from 'node:child_process'; spawn('sh', ['-c', 'sleep 0.1; echo later'], { stdio: 'inherit' }); 1",
        );
        await client.heard("later", ({ content }) => String(content["text"]).includes("later"), {
          since,
          timeout: 3_000,
        });
      },
    },
    {
      name: "a large value is summarised",
      run: async (kernel) => {
        const done = await kernel.ok("'y'.repeat(5_000_000)", { timeout: 20_000 });
        check(JSON.stringify(done.iopub).length < 200_000, "the whole value was sent");
        const list = await kernel.ok("Array.from({ length: 100_000 }, (_, i) => i)");
        check(JSON.stringify(list.iopub).length < 200_000, "the whole list was sent");
      },
    },
    {
      name: "Symbol.for('Jupyter.display') makes the bundle",
      run: async (kernel) => {
        const done = await kernel.ok(
          "({ [Symbol.for('Jupyter.display')]() { return { 'text/html': '<b>b</b>', 'text/plain': 'b' } } })",
        );
        equal(done.result, { "text/html": "<b>b</b>", "text/plain": "b" }, "bundle");
      },
    },
    {
      name: "an asynchronous Jupyter.display",
      run: async (kernel) => {
        const done = await kernel.ok(
          "({ async [Symbol.for('Jupyter.display')]() { await null; return { 'text/markdown': '*m*' } } })",
        );
        equal(done.result?.["text/markdown"], "*m*", "bundle");
      },
    },
    {
      name: "display sends a whole MIME bundle",
      run: async (kernel) => {
        const done = await kernel.ok({
          typescript:
            "display({ 'text/html': '<i>i</i>', 'text/plain': 'i', 'application/json': { a: [1] } }, { raw: true });",
          deno: "await Deno.jupyter.display({ 'text/html': '<i>i</i>', 'text/plain': 'i', 'application/json': { a: [1] } }, { raw: true });",
          tslab:
            "import * as tslab from 'tslab'; tslab.display.raw('text/html', '<i>i</i>'); tslab.display.raw('text/plain', 'i'); tslab.display.raw('application/json', { a: [1] } as any);",
          python:
            "from IPython.display import display\ndisplay({'text/html': '<i>i</i>', 'text/plain': 'i', 'application/json': {'a': [1]}}, raw=True)",
        });
        equal(done.displays.length, 1, "displays");
        equal(done.displays[0]!["text/html"], "<i>i</i>", "html");
        equal(done.displays[0]!["application/json"], { a: [1] }, "json");
      },
    },
    {
      name: "a display is updated by its id, from a later cell, too",
      run: async (kernel) => {
        const done = await kernel.ok({
          typescript:
            "const handle = display({ 'text/plain': 'first' }, { raw: true, id: 'one' }); handle.update({ 'text/plain': 'second' }, { raw: true });",
          deno: "await Deno.jupyter.display({ 'text/plain': 'first' }, { raw: true, display_id: 'one' }); await Deno.jupyter.display({ 'text/plain': 'second' }, { raw: true, display_id: 'one', update: true });",
          tslab:
            "import * as tslab from 'tslab'; const handle = tslab.newDisplay(); handle.text('first'); handle.text('second');",
          python:
            "from IPython.display import display\nhandle = display({'text/plain': 'first'}, raw=True, display_id='one')\nhandle.update({'text/plain': 'second'}, raw=True)",
        });
        const shown = done.of("display_data")[0]!;
        const update = done.of("update_display_data")[0];
        check(update !== undefined, "no update_display_data");
        equal(update["transient"], shown["transient"], "display_id");
        const later = await kernel.ok({
          typescript: "handle.update({ 'text/plain': 'third' }, { raw: true });",
          deno: "await Deno.jupyter.display({ 'text/plain': 'third' }, { raw: true, display_id: 'one', update: true });",
          tslab: "handle.text('third');",
          python: "handle.update({'text/plain': 'third'}, raw=True)",
        });
        equal(
          (later.of("update_display_data")[0]?.["data"] as Record<string, string> | undefined)?.[
            "text/plain"
          ],
          "third",
          "text",
        );
      },
    },
    {
      name: "clear_output, now and before the next output",
      run: async (kernel) => {
        const done = await kernel.ok({
          rzenlab: "jupyter.clearOutput(); jupyter.clearOutput({ wait: true });",
          deno: "await Deno.jupyter.broadcast('clear_output', { wait: false }); await Deno.jupyter.broadcast('clear_output', { wait: true });",
          tslab: "(globalThis as any).jupyter.clearOutput();",
          python:
            "from IPython.display import clear_output\nclear_output()\nclear_output(wait=True)",
        });
        equal(
          done.of("clear_output").map((each) => each["wait"]),
          [false, true],
          "clear_output",
        );
      },
    },
    {
      name: "a table of records is a table",
      run: (kernel) =>
        displays(kernel, "[{ name: 'a', loss: 0.5 }, { name: 'b', loss: 0.25 }]", [
          "text/html",
          "text/plain",
        ]),
    },
    {
      name: "a table's text is escaped",
      run: async (kernel) => {
        const { result } = await kernel.ok(
          "[{ name: '<script>alert(1)</script>' }, { name: '&' }]",
        );
        const html = String(result?.["text/html"]);
        includes(html, "&lt;script&gt;", "html");
        check(!html.includes("<script>alert"), "markup of a value got through");
      },
    },
    {
      name: "a typed array says its type, length and range",
      run: async (kernel) => {
        const { value } = await kernel.ok("Float32Array.from({ length: 1000 }, (_, i) => i)");
        includes(value, /Float32/, "type");
        includes(value, "1000", "length");
        includes(value, "999", "largest");
        check(value!.length < 2_000, "dumped whole");
      },
    },
    {
      name: "a PNG in a buffer is an image",
      run: (kernel) =>
        displays(
          kernel,
          "Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')",
          ["image/png", "text/plain"],
        ),
    },
    {
      name: "a Plotly figure shows everywhere: its JSON, HTML, an image and text",
      run: (kernel) =>
        displays(
          kernel,
          "({ data: [{ type: 'scatter', x: [1, 2, 3], y: [2, 1, 3] }], layout: { title: { text: 'figure' } } })",
          ["application/vnd.plotly.v1+json", "text/html", "text/plain"],
        ),
    },
    {
      name: "an error as a value is shown with its trace",
      run: async (kernel) =>
        includes(
          (await kernel.ok("new TypeError('as a value')")).value,
          "TypeError: as a value",
          "value",
        ),
    },
    {
      name: "values that resist showing",
      run: async (kernel) => {
        for (const code of [
          "const loop: any = {}; loop.self = loop; loop",
          "new Proxy({}, { get() { throw new Error('no') }, ownKeys() { throw new Error('no') } })",
          "({ get bad() { throw new Error('no') } })",
          "Object.create(null)",
          "[1n, Symbol('s'), () => 1, new Map([[{}, new Set([1])]])]",
        ]) {
          check((await kernel.ok(code)).value !== undefined, `no result for ${code}`);
        }
        await kernel.prints("console.log('alive')", "alive");
      },
    },
    {
      name: "a Jupyter.display that throws is an error of the cell, not of the kernel",
      run: async (kernel) => {
        const { evalue } = await kernel.fails(
          "({ [Symbol.for('Jupyter.display')]() { throw new Error('while rendering') } })",
        );
        includes(evalue, "while rendering", "message");
        await kernel.prints("console.log('alive')", "alive");
      },
    },
    {
      name: "tslab's display works",
      run: async (kernel) => {
        const done = await kernel.ok({
          rzenlab:
            "import * as tslab from 'tslab'; tslab.display.html('<p>t</p>'); console.log(typeof tslab.versions.node)",
          tslab:
            "import * as tslab from 'tslab'; tslab.display.html('<p>t</p>'); console.log(typeof tslab.versions.node)",
        });
        equal(done.displays[0]?.["text/html"], "<p>t</p>", "html");
        equal(done.stdout.trim(), "string", "versions");
      },
    },
  ],
};
