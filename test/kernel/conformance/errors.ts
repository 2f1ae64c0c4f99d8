/** @file What failing cells say, and what is left of the kernel after them. */
import { check, equal, type Group, includes } from "./session.ts";

export const errors: Group = {
  name: "errors",
  cases: [
    {
      name: "error and reply carry name, message and traceback",
      run: async (kernel) => {
        const done = await kernel.execute({
          typescript: "throw new RangeError('too far')",
          python: "raise ValueError('too far')",
        });
        const { error, reply } = done;
        check(error !== undefined, "no error on iopub");
        includes(error.ename, /^(RangeError|ValueError)$/, "ename");
        equal(error.evalue, "too far", "evalue");
        for (const field of ["ename", "evalue", "traceback"])
          check(field in reply, `no ${field} in the reply`);
        check(
          Array.isArray(reply["traceback"]) && reply["traceback"].length > 0,
          "empty traceback",
        );
      },
    },
    {
      name: "a custom error's name, and a thrown value that is no error",
      run: async (kernel) => {
        equal(
          (
            await kernel.fails(
              "class Mine extends Error { override name = 'Mine' }; throw new Mine('m')",
            )
          ).ename,
          "Mine",
          "ename",
        );
        includes((await kernel.fails("throw { status: 404 }")).evalue, "404", "evalue");
      },
    },
    {
      name: "trace shows the cell's line",
      run: async (kernel) => {
        const code = {
          typescript:
            "const a9: number = 1;\ninterface Gone { a: string }\nenum Also { A, B }\n\nthrow new Error('line five');",
          python: "a9 = 1\n\n\n\nraise Exception('line five')",
        };
        const { trace } = await kernel.fails(code);
        includes(trace, /\b5\b|:5:/, "line number");
        includes(trace, /throw new Error|raise Exception/, "source line");
      },
    },
    {
      name: "trace of a function of an earlier cell shows that cell's line",
      run: async (kernel) => {
        await kernel.ok({
          typescript:
            "type T0 = 1;\nfunction thrower(): void {\n  throw new Error('from earlier');\n}",
          python: "x = 1\ndef thrower():\n  raise Exception('from earlier')\n",
        });
        const { trace } = await kernel.fails({
          typescript: "1;\nthrower()",
          python: "1\nthrower()",
        });
        includes(trace, "thrower", "function name");
        includes(trace, /\b3\b|:3:/, "line of the throw");
      },
    },
    {
      name: "trace shows the line of a .ts file",
      run: async (kernel) => {
        const { trace } = await kernel.fails({
          typescript: "import { fail } from '../src/fails.ts';\nfail('here');",
          python: "from lib_fails import fail\nfail('here')",
        });
        includes(trace, /fails\.(ts|py):(5|3)/, "place");
        includes(
          trace,
          /throw new RangeError\(message\)|raise ValueError\(message\)/,
          "source line",
        );
      },
    },
    {
      name: "trace after an await shows the line",
      run: async (kernel) => {
        const { trace } = await kernel.fails({
          typescript: "const one9 = 1;\nawait null;\nthrow new Error('after await');",
          python: "import asyncio\nawait asyncio.sleep(0)\nraise Exception('after await')",
        });
        includes(trace, /\b3\b|:3:/, "line");
      },
    },
    {
      name: "trace shows no internals of the kernel",
      run: async (kernel) => {
        const { trace } = await kernel.fails({
          typescript: "[1].map(() => { throw new Error('inner') })",
          python: "list(map(lambda _: 1 / 0, [1]))",
        });
        check(
          !/src\/kernel|tslab\/dist|node:internal|ipykernel\/|ext:/.test(trace),
          `internals in ${trace}`,
        );
      },
    },
    {
      name: "cause chain",
      run: async (kernel) => {
        const { trace } = await kernel.fails({
          typescript:
            "throw new Error('outer', { cause: new TypeError('middle', { cause: new RangeError('innermost') }) })",
          python: "try:\n  1 / 0\nexcept Exception as e:\n  raise ValueError('outer') from e",
        });
        includes(
          trace,
          kernel.peer.language === "python" ? "ZeroDivisionError" : "innermost",
          "trace",
        );
      },
    },
    {
      name: "AggregateError shows each error",
      run: async (kernel) => {
        const { trace } = await kernel.fails(
          "throw new AggregateError([new Error('first of two'), new Error('second of two')], 'both')",
        );
        includes(trace, "first of two", "trace");
        includes(trace, "second of two", "trace");
      },
    },
    {
      name: "a syntax error says where and runs nothing",
      run: async (kernel) => {
        const done = await kernel.execute({
          typescript: "console.log('ran');\nconst = 5;",
          python: "print('ran')\nx = = 5",
        });
        equal(done.stdout, "", "stdout");
        check(done.error !== undefined, "no error on iopub");
        includes(done.error.ename, "SyntaxError", "ename");
        includes(done.error.trace, /2/, "line");
      },
    },
    {
      name: "an unknown name is a ReferenceError",
      run: async (kernel) =>
        includes(
          (await kernel.fails({ typescript: "nowhere9 + 1", python: "nowhere9 + 1" })).ename,
          /ReferenceError|NameError/,
          "ename",
        ),
    },
    {
      name: "a deep recursion is an error",
      run: async (kernel) => {
        const { ename } = await kernel.fails({
          typescript: "const deep = (n: number): number => 1 + deep(n + 1); deep(0)",
          python: "def deep(n): return 1 + deep(n + 1)\ndeep(0)",
        });
        includes(ename, /RangeError|RecursionError/, "ename");
      },
    },
    {
      name: "process.exit in a cell: reported, kernel lives on",
      fresh: true,
      run: async (kernel) => {
        await kernel.ok({ typescript: "const before = 1", deno: "const before = 1" });
        const pid = kernel.client.process.pid;
        const { evalue } = await kernel.fails({
          typescript: "process.exit(3)",
          deno: "Deno.exit(3)",
          python: "import os\nos._exit(3)",
        });
        includes(evalue, "3", "message");
        await kernel.prints(
          { typescript: "console.log('alive')", python: "print('alive')" },
          "alive",
          20_000,
        );
        equal(kernel.client.process.pid, pid, "kernel process");
        check(kernel.client.exit === undefined, "kernel process ended");
      },
    },
    {
      name: "abort in a cell: reported, kernel lives on, execution counts go on",
      fresh: true,
      run: async (kernel) => {
        await kernel.fails({
          typescript: "process.abort()",
          deno: "Deno.kill(Deno.pid, 'SIGABRT')",
          python: "import os\nos.abort()",
        });
        const next = await kernel.ok({ typescript: "1 + 1", python: "1 + 1" }, { timeout: 20_000 });
        equal(next.reply["execution_count"], 2, "execution_count");
      },
    },
    {
      name: "a user process that is killed between cells is reported and replaced",
      fresh: true,
      run: async (kernel) => {
        const { client } = kernel;
        const since = client.published.length;
        const done = await kernel.ok({
          typescript: "setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50); 1",
          deno: "setTimeout(() => Deno.kill(Deno.pid, 'SIGKILL'), 50); 1",
          python:
            "import os, signal, threading\n_ = threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()",
        });
        equal(done.reply["status"], "ok", "status");
        await client.heard(
          "word of the death",
          ({ header, content }) =>
            header.msg_type === "stream" && /SIGKILL|gone|died/.test(String(content["text"])),
          { since, timeout: 5_000 },
        );
        await kernel.prints(
          { typescript: "console.log('alive')", python: "print('alive')" },
          "alive",
          20_000,
        );
      },
    },
    {
      name: "out of memory: reported as that, the process replaced, kernel lives on",
      fresh: true,
      // As a researcher would set it in the kernelspec; V8's own limit takes minutes to reach.
      env: {
        NODE_OPTIONS: "--max-old-space-size=80",
        DENO_V8_FLAGS: "--max-old-space-size=80",
      },
      run: async (kernel) => {
        const { client } = kernel;
        const { pid } = client.process;
        const hoard =
          "const all: unknown[] = [];\nfor (;;) all.push(new Array(1000).fill(Math.random()));";
        const done = await kernel.execute(hoard, { timeout: 60_000 });
        equal(done.reply["status"], "error", "status");
        includes(done.error?.evalue, "out of memory", "message");
        await kernel.prints("console.log(typeof all)", "undefined", 60_000);
        equal(client.process.pid, pid, "kernel process");
      },
    },
  ],
};
