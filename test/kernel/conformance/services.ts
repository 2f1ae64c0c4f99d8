/** @file Completion, hover, diagnostics, history. */
import { setTimeout as delay } from "node:timers/promises";
import { plainText } from "../../support/jupyter/execution.ts";
import { type Code, check, equal, type Group, includes, type Session } from "./session.ts";

const codePoints = (text: string): number => Array.from(text).length;

/** Code with `|` where the cursor is; positions count code points. */
function cursor(code: string): { code: string; cursor_pos: number } {
  const at = code.indexOf("|");
  return { code: code.replace("|", ""), cursor_pos: codePoints(code.slice(0, at)) };
}

type Completion = {
  matches: string[];
  cursor_start: number;
  cursor_end: number;
  metadata: Record<string, unknown>;
};

/** Asks again while there is no answer yet: a language server may still be starting, as for a person who types. */
async function answered<T>(ask: () => Promise<T>, there: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + 25_000;
  for (;;) {
    const answer = await ask();
    if (there(answer) || performance.now() > deadline) return answer;
    await delay(200);
  }
}

async function completeAt(kernel: Session, code: Code): Promise<Completion> {
  const asked = cursor(kernel.code(code));
  const { reply } = await answered(
    () => kernel.client.request("complete_request", asked, { timeout: 20_000 }),
    (answer) => (answer.reply.content["matches"] as unknown[] | undefined)?.length !== 0,
  );
  equal(reply.content["status"], "ok", "status");
  return reply.content as unknown as Completion;
}

async function inspectAt(kernel: Session, code: Code): Promise<string> {
  const asked = { ...cursor(kernel.code(code)), detail_level: 0 };
  const { reply } = await answered(
    () => kernel.client.request("inspect_request", asked, { timeout: 20_000 }),
    (answer) => answer.reply.content["found"] === true,
  );
  equal(reply.content["found"], true, "found");
  return plainText(JSON.stringify(reply.content["data"]));
}

/** Everything a cell showed besides its result. */
function shown(done: {
  iopub: readonly { header: { msg_type: string }; content: unknown }[];
}): string {
  return plainText(
    JSON.stringify(
      done.iopub
        .filter(({ header }) => !/execute_input|status/.test(header.msg_type))
        .map(({ content }) => content),
    ),
  );
}

export const types: Group = {
  name: "types",
  cases: [
    {
      name: "members of a built-in",
      run: async (kernel) => {
        const { matches, cursor_start, cursor_end } = await completeAt(kernel, {
          typescript: "Math.flo|",
          python: "import math\nmath.flo|",
        });
        check(
          matches.some((match) => match.endsWith("floor")),
          `only ${matches.slice(0, 5).join(", ")}`,
        );
        const length = kernel.code({
          typescript: "Math.flo",
          python: "import math\nmath.flo",
        }).length;
        equal(cursor_end, length, "cursor_end");
        check(cursor_start <= length - 3, `cursor_start ${cursor_start}`);
      },
    },
    {
      name: "members of a binding of an earlier cell",
      run: async (kernel) => {
        await kernel.ok({
          typescript: "const person = { firstName: 'A', lastName: 'B' };",
          python: "class P:\n  firstName = 1\n  lastName = 2\nperson = P()",
        });
        const { matches } = await completeAt(kernel, {
          typescript: "person.|",
          python: "person.|",
        });
        for (const name of ["firstName", "lastName"])
          check(
            matches.some((match) => match.endsWith(name)),
            `no ${name}`,
          );
      },
    },
    {
      name: "members of a binding that was declared in this cell and not run",
      run: async (kernel) => {
        const { matches } = await completeAt(kernel, {
          typescript: "const fresh = { alphaBeta: 1 };\nfresh.|",
          python: "class F:\n  alphaBeta = 1\nfresh = F()\nfresh.|",
        });
        check(
          matches.some((match) => match.endsWith("alphaBeta")),
          "no alphaBeta",
        );
      },
    },
    {
      name: "names of earlier cells, members of an imported project file",
      run: async (kernel) => {
        await kernel.ok({
          typescript:
            "import { Point as Corner } from '../src/lib.ts'; const corner = new Corner(2);",
          python: "import library",
        });
        const { matches } = await completeAt(kernel, { typescript: "corn|", python: "libr|" });
        check(
          matches.some((match) => /corner|library/.test(match)),
          `only ${matches.slice(0, 5).join(", ")}`,
        );
        const members = await completeAt(kernel, { typescript: "corner.|", python: "library.|" });
        check(
          members.matches.some((match) => /(x|value)$/.test(match)),
          "no member",
        );
      },
    },
    {
      name: "completions carry their types",
      run: async (kernel) => {
        const { metadata } = await completeAt(kernel, {
          typescript: "Math.flo|",
          python: "import math\nmath.flo|",
        });
        const entries = metadata["_jupyter_types_experimental"] as
          | { text: string; type: string }[]
          | undefined;
        check((entries?.length ?? 0) > 0, "no _jupyter_types_experimental");
        includes(entries![0]!.type, /function|method/, "type");
      },
    },
    {
      name: "cursor positions are code points: astral characters before the cursor",
      run: async (kernel) => {
        const { matches, cursor_end } = await completeAt(kernel, {
          typescript: "const smile = '😀😀'; Math.flo|",
          python: "smile = '😀😀'; str.upp|",
        });
        check(
          matches.some((match) => /floor|upper/.test(match)),
          "no match",
        );
        equal(
          cursor_end,
          codePoints(
            kernel.code({
              typescript: "const smile = '😀😀'; Math.flo",
              python: "smile = '😀😀'; str.upp",
            }),
          ),
          "cursor_end",
        );
      },
    },
    {
      name: "completion has no side effects",
      run: async (kernel) => {
        await kernel.ok(
          "let touched = 0; const trap = { get inner() { touched++; return { deep: 1 } } };",
        );
        await completeAt(kernel, "trap.inner.|");
        await kernel.prints("console.log(touched)", "0");
      },
    },
    {
      name: "completion answers while a cell is busy",
      run: async (kernel) => {
        const pending = kernel.start({
          typescript: "{ const end = Date.now() + 1500; while (Date.now() < end); }",
          python: "import time\nend = time.time() + 1.5\nwhile time.time() < end: pass",
        });
        await kernel.wait(150);
        const asked = performance.now();
        await completeAt(kernel, { typescript: "Math.flo|", python: "import math\nmath.flo|" });
        const took = performance.now() - asked;
        await kernel.client.within(pending, 10_000);
        check(took < 900, `answered after ${Math.round(took)} ms`);
      },
    },
    {
      name: "hover shows a signature",
      run: async (kernel) =>
        includes(
          await inspectAt(kernel, {
            typescript: "Math.flo|or",
            python: "pri|nt",
          }),
          /floor\(x|print\(/,
          "hover",
        ),
    },
    {
      name: "hover shows type and comment of an earlier cell's binding",
      run: async (kernel) => {
        await kernel.ok({
          typescript:
            "/** Adds two numbers. */\nfunction plus(a: number, b: number) { return a + b }",
          python: "def plus(a: int, b: int):\n  'Adds two numbers.'\n  return a + b",
        });
        const text = await inspectAt(kernel, { typescript: "pl|us", python: "pl|us" });
        includes(text, "Adds two numbers", "comment");
        includes(text, /a: (number|int), b: (number|int)/, "signature");
        if (kernel.peer.language === "typescript") includes(text, /\): number/, "inferred type");
      },
    },
    {
      name: "hover knows what was imported",
      run: async (kernel) => {
        await kernel.ok("import { fail as failing } from '../src/fails.ts'");
        includes(await inspectAt(kernel, "fail|ing"), /reason: string/, "signature");
      },
    },
    {
      name: "hover on nothing is not found",
      run: async (kernel) => {
        const { reply } = await kernel.client.request("inspect_request", {
          code: kernel.code({ typescript: "   ", python: "   " }),
          cursor_pos: 1,
          detail_level: 0,
        });
        equal([reply.content["status"], reply.content["found"]], ["ok", false], "reply");
      },
    },
    {
      name: "a type error is shown and does not block",
      run: async (kernel) => {
        const { client } = kernel;
        const since = client.published.length;
        const done = await kernel.ok(
          "const wrong: number = 'text' as unknown as string; console.log('ran', wrong)",
        );
        includes(done.stdout, "ran text", "stdout");
        await client.heard(
          "a diagnostic",
          ({ content, header }) =>
            /not assignable|2322/.test(JSON.stringify(content)) &&
            header.msg_type !== "execute_input",
          { since, timeout: 10_000 },
        );
      },
    },
    {
      name: "cells without type errors get no diagnostics",
      run: async (kernel) => {
        const done = await kernel.ok({
          typescript:
            "import { value as okValue } from '../src/lib.ts'; const fine: number = okValue; await null; const { sep } = await import('node:path'); console.log(sep, process.pid, Buffer.alloc(1), import.meta.url, require('node:fs').statSync('.').size > 0)",
          deno: "import { value as okValue } from '../src/lib.ts'; const fine: number = okValue; await null; const { sep } = await import('node:path'); console.log(sep)",
        });
        const globals = await kernel.ok({
          typescript: "1",
          rzenlab: "display(1, { id: 'fine' }); jupyter.signal.aborted; typeof prompt",
        });
        await kernel.wait(700);
        const said = shown(done) + shown(globals);
        check(!/TS\d{4}|not assignable|Cannot find/.test(said), said);
      },
    },
    {
      name: "redeclaring with another type is no type error",
      run: async (kernel) => {
        await kernel.ok("const shape = 1;");
        const done = await kernel.ok("const shape = 'text'; shape.length;");
        await kernel.wait(500);
        check(!/TS\d{4}|redeclare|not exist/.test(shown(done)), shown(done).slice(0, 300));
      },
    },
  ],
};

async function history(kernel: Session, content: Record<string, unknown>): Promise<unknown[][]> {
  const { reply } = await kernel.client.request("history_request", {
    output: false,
    raw: true,
    ...content,
  });
  equal(reply.content["status"], "ok", "status");
  return reply.content["history"] as unknown[][];
}

export const histories: Group = {
  name: "history",
  cases: [
    {
      name: "tail returns the last cells in order",
      run: async (kernel) => {
        for (const i of [1, 2, 3])
          await kernel.ok({ typescript: `'history ${i}'`, python: `'history ${i}'` });
        const rows = await history(kernel, { hist_access_type: "tail", n: 2 });
        equal(
          rows.map((row) => row[2]),
          ["'history 2'", "'history 3'"],
          "inputs",
        );
      },
    },
    {
      name: "tail with output returns pairs",
      run: async (kernel) => {
        await kernel.ok({ typescript: "6 * 7", python: "6 * 7" });
        const rows = await history(kernel, { hist_access_type: "tail", n: 1, output: true });
        equal(rows.at(-1)?.[2], ["6 * 7", "42"], "row");
      },
    },
    {
      name: "range of the current session",
      run: async (kernel) => {
        const done = await kernel.ok({ typescript: "'in range'", python: "'in range'" });
        const count = Number(done.reply["execution_count"]);
        const rows = await history(kernel, {
          hist_access_type: "range",
          session: 0,
          start: count,
          stop: count + 1,
        });
        equal(
          rows.map((row) => row[2]),
          ["'in range'"],
          "inputs",
        );
      },
    },
    {
      name: "search with a pattern",
      run: async (kernel) => {
        await kernel.ok({
          typescript: "'needle in the haystack'",
          python: "'needle in the haystack'",
        });
        const rows = await history(kernel, {
          hist_access_type: "search",
          pattern: "*needle*haystack*",
          n: 5,
        });
        check(
          rows.some((row) => row[2] === "'needle in the haystack'"),
          "not found",
        );
      },
    },
    {
      name: "store_history false leaves no row",
      run: async (kernel) => {
        await kernel.ok({ typescript: "'stored'", python: "'stored'" });
        await kernel.ok(
          { typescript: "'not stored'", python: "'not stored'" },
          { store_history: false },
        );
        const rows = await history(kernel, { hist_access_type: "tail", n: 1 });
        equal(rows.at(-1)?.[2], "'stored'", "last input");
      },
    },
  ],
};
