/** @file The messages themselves: order, fields, channels, counts. */
import { finish } from "../../support/jupyter/execution.ts";
import { frames, newHeader } from "../../support/jupyter/wire.ts";
import { type Case, check, type Code, equal, type Group } from "./session.ts";

const complete = (name: string, code: Code, ...allowed: string[]): Case => ({
  name: `is_complete: ${name}`,
  run: async (kernel) => {
    const { reply } = await kernel.client.request("is_complete_request", {
      code: kernel.code(code),
    });
    check(
      allowed.includes(String(reply.content["status"])),
      `expected ${allowed.join(" or ")}, got ${String(reply.content["status"])}`,
    );
  },
});

export const protocol: Group = {
  name: "protocol",
  cases: [
    {
      name: "kernel_info has all fields, on shell and on control",
      run: async ({ client }) => {
        for (const channel of ["shell", "control"] as const) {
          const { content } = (await client.request("kernel_info_request", {}, { channel })).reply;
          equal(content["status"], "ok", "status");
          for (const field of [
            "protocol_version",
            "implementation",
            "implementation_version",
            "language_info",
            "banner",
          ]) {
            check(field in content, `no ${field}`);
          }
          const info = content["language_info"] as Record<string, string>;
          for (const field of ["name", "version", "mimetype", "file_extension"])
            check(typeof info[field] === "string", `no language_info.${field}`);
        }
      },
    },
    {
      name: "TypeScript's version is one of this decade",
      run: async (kernel) => {
        kernel.code("1");
        const { content } = (await kernel.client.request("kernel_info_request")).reply;
        const { version } = content["language_info"] as { version: string };
        check(Number.parseInt(version, 10) >= 5, `version ${version}`);
      },
    },
    {
      name: "busy, execute_input, result, idle come in this order, all with the request as parent",
      run: async (kernel) => {
        const { iopub, id } = await kernel.ok({ typescript: "5 * 5", python: "5 * 5" });
        const kinds = iopub.map((each) =>
          each.header.msg_type === "status"
            ? each.content["execution_state"]
            : each.header.msg_type,
        );
        equal(kinds, ["busy", "execute_input", "execute_result", "idle"], "order");
        check(
          iopub.every((each) => each.parent.msg_id === id),
          "another parent",
        );
      },
    },
    {
      name: "code finds the id of its cell, also after awaits; without one it finds none",
      run: async (kernel) => {
        const code = kernel.code({
          rzenlab: "await new Promise((go) => setTimeout(go, 5)); jupyter.cellId",
        });
        const named = kernel.client.send(
          "execute_request",
          { code },
          { metadata: { cellId: "c-7" } },
        );
        equal((await finish(kernel.client, named)).value, "'c-7'", "id");
        const unnamed = kernel.client.send("execute_request", { code });
        equal((await finish(kernel.client, unnamed)).result, undefined, "id without a notebook");
      },
    },
    {
      name: "execution counts rise by one and agree",
      run: async (kernel) => {
        const one = await kernel.ok({ typescript: "'c1'", python: "'c1'" });
        const two = await kernel.ok({ typescript: "'c2'", python: "'c2'" });
        const count = Number(one.reply["execution_count"]);
        equal(two.reply["execution_count"], count + 1, "second count");
        equal(
          [
            two.of("execute_input")[0]?.["execution_count"],
            two.of("execute_result")[0]?.["execution_count"],
          ],
          [count + 1, count + 1],
          "counts on iopub",
        );
      },
    },
    {
      name: "silent runs without a trace",
      run: async (kernel) => {
        const before = await kernel.ok({ typescript: "let s0 = 1", python: "s0 = 1" });
        const silent = await kernel.ok(
          { typescript: "s0 = 2; s0", python: "s0 = 2\ns0" },
          { silent: true },
        );
        equal(
          silent.of("execute_result").length + silent.of("execute_input").length,
          0,
          "messages",
        );
        const after = await kernel.ok({ typescript: "s0", python: "s0" });
        equal(after.value, "2", "effect");
        equal(
          Number(after.reply["execution_count"]) - Number(before.reply["execution_count"]),
          1,
          "counts",
        );
      },
    },
    {
      name: "user_expressions are evaluated, and a failing one fails alone",
      run: async (kernel) => {
        const done = await kernel.ok(
          { typescript: "const u7 = 7", python: "u7 = 7" },
          { user_expressions: { good: "u7 + 1", bad: "nowhere7" } },
        );
        const made = done.reply["user_expressions"] as
          | Record<string, Record<string, unknown>>
          | undefined;
        equal(
          (made?.["good"]?.["data"] as Record<string, string> | undefined)?.["text/plain"],
          "8",
          "good",
        );
        equal(made?.["bad"]?.["status"], "error", "bad");
      },
    },
    {
      name: "after an error queued cells are aborted",
      run: async (kernel) => {
        const pending = [
          kernel.start({
            typescript: "await new Promise((r) => setTimeout(r, 100)); throw new Error('stop')",
            python: "import time\ntime.sleep(0.1)\nraise Exception('stop')",
          }),
          kernel.start({ typescript: "console.log('not run')", python: "print('not run')" }),
          kernel.start({
            typescript: "console.log('not run either')",
            python: "print('not run either')",
          }),
        ];
        const done = [];
        for (const each of pending) done.push(await finish(kernel.client, each, 5_000));
        equal(
          done.map((each) => each.reply["status"]),
          ["error", "aborted", "aborted"],
          "statuses",
        );
        await kernel.prints({ typescript: "console.log('runs')", python: "print('runs')" }, "runs");
      },
    },
    {
      name: "with stop_on_error false they run",
      run: async (kernel) => {
        const first = kernel.start(
          { typescript: "throw new Error('go on')", python: "raise Exception('go on')" },
          { stop_on_error: false },
        );
        const second = kernel.start({ typescript: "console.log('ran')", python: "print('ran')" });
        await finish(kernel.client, first, 5_000);
        const done = await finish(kernel.client, second, 5_000);
        equal([done.reply["status"], done.stdout.trim()], ["ok", "ran"], "second");
      },
    },
    {
      name: "control answers while a cell is busy",
      run: async (kernel) => {
        const { client } = kernel;
        const pending = kernel.start({
          typescript: "{ const end = Date.now() + 1500; while (Date.now() < end); }",
          python: "import time\nend = time.time() + 1.5\nwhile time.time() < end: pass",
        });
        await kernel.wait(200);
        const asked = performance.now();
        await client.request("kernel_info_request", {}, { channel: "control", timeout: 5_000 });
        const took = performance.now() - asked;
        await finish(client, pending, 10_000);
        check(took < 700, `answered after ${Math.round(took)} ms`);
      },
    },
    {
      name: "heartbeat answers while a cell is busy",
      run: async (kernel) => {
        const pending = kernel.start({
          typescript: "{ const end = Date.now() + 1500; while (Date.now() < end); }",
          python: "import time\nend = time.time() + 1.5\nwhile time.time() < end: pass",
        });
        await kernel.wait(200);
        const took = await kernel.client.heartbeat();
        await finish(kernel.client, pending, 10_000);
        check(took < 700, `came back after ${Math.round(took)} ms`);
      },
    },
    {
      name: "iopub_welcome greets a new subscriber",
      run: async ({ client }) => {
        check(
          client.published.some(({ header }) => header.msg_type === "iopub_welcome"),
          "no iopub_welcome",
        );
      },
    },
    {
      name: "a reply's parent is the request, unknown header fields and all",
      run: async ({ client }) => {
        const header = {
          ...newHeader("kernel_info_request", client.session),
          subshell_id: null,
          extra: { a: 1 },
        };
        const heard = client.heard(
          "idle for it",
          ({ content, parent }) =>
            content["execution_state"] === "idle" && parent.msg_id === header.msg_id,
          { timeout: 5_000 },
        );
        await client.sendRaw("shell", frames(client.key, [header, {}, {}, {}]));
        equal((await heard).parent, header, "parent header");
      },
    },
    complete(
      "complete",
      { typescript: "const a = 1\nfunction f() { return 1 }", python: "a = 1\n" },
      "complete",
    ),
    complete(
      "open bracket is incomplete",
      { typescript: "function f() {", python: "def f(" },
      "incomplete",
    ),
    complete(
      "open template is incomplete",
      { typescript: "const s = `a ${1}", python: "s = '''a" },
      "incomplete",
    ),
    complete(
      "operator at the end is incomplete",
      { typescript: "const x = 1 +", python: "x = 1 + \\" },
      "incomplete",
    ),
    complete("nonsense is invalid", { typescript: "const = = ;", python: "x = = 5" }, "invalid"),
    complete(
      "bracket that closes nothing is invalid",
      { typescript: "foo)", python: "foo)" },
      "invalid",
    ),
    complete(
      "await is complete",
      { typescript: "await Promise.resolve(1)", python: "1" },
      "complete",
    ),
    {
      name: "shutdown with restart: replied, process ends",
      fresh: true,
      run: async ({ client }) => {
        const { reply } = await client
          .request("shutdown_request", { restart: true }, { channel: "control" })
          .catch((error: Error) => {
            // Some kernels are gone before their idle is.
            const answer = client.published.find(
              ({ header }) => header.msg_type === "shutdown_reply",
            );
            if (answer === undefined) throw error;
            return { reply: answer };
          });
        equal([reply.content["status"], reply.content["restart"]], ["ok", true], "reply");
        check(await client.exited(5_000), "still running after 5 s");
      },
    },
    {
      name: "shutdown while a cell is busy",
      fresh: true,
      run: async (kernel) => {
        kernel.start({ typescript: "while (true) {}", python: "while True: pass" });
        await kernel.wait(300);
        kernel.client.send("shutdown_request", { restart: false }, { channel: "control" });
        check(await kernel.client.exited(5_000), "still running after 5 s");
      },
    },
  ],
};

export const security: Group = {
  name: "security",
  cases: [
    {
      name: "a forged signature is not executed",
      run: async (kernel) => {
        const { client } = kernel;
        const code = kernel.code({
          typescript: "globalThis.forged = true",
          python: "forged = True",
        });
        const since = client.published.length;
        for (const key of ["wrong", ""]) {
          const raw = frames(key === "" ? "x" : key, [
            newHeader("execute_request", client.session),
            {},
            {},
            { code, silent: false },
          ]);
          if (key === "") raw[1] = Buffer.alloc(0);
          await client.sendRaw("shell", raw);
        }
        await kernel.wait(150);
        await kernel.prints(
          {
            typescript: "console.log(typeof (globalThis as any).forged)",
            python: "print('undefined' if 'forged' not in globals() else 'boolean')",
          },
          "undefined",
        );
        check(
          !JSON.stringify(
            client.published
              .slice(since)
              .filter(({ header }) => header.msg_type === "execute_input"),
          ).includes("forged = "),
          "it was announced",
        );
      },
    },
    {
      name: "a message that is sent again is not executed again",
      run: async (kernel) => {
        const { client } = kernel;
        await kernel.ok({ typescript: "let replays = 0;", python: "replays = 0" });
        const code = kernel.code({ typescript: "replays++", python: "replays += 1" });
        const raw = frames(client.key, [
          newHeader("execute_request", client.session),
          {},
          {},
          { code, silent: false, store_history: false, user_expressions: {}, allow_stdin: false },
        ]);
        await client.sendRaw("shell", raw);
        await client.sendRaw("shell", raw);
        await kernel.wait(150);
        await kernel.prints({ typescript: "console.log(replays)", python: "print(replays)" }, "1");
      },
    },
    {
      name: "contents of wrong types are refused and survived",
      run: async (kernel) => {
        const { client } = kernel;
        for (const content of [
          { code: 5 },
          {},
          { code: "1", user_expressions: [] },
          { code: { a: 1 }, silent: "no" },
        ]) {
          client.send("execute_request", content);
        }
        for (const type of [
          "complete_request",
          "inspect_request",
          "is_complete_request",
          "history_request",
          "comm_open",
          "comm_msg",
          "input_reply",
          "no_such_request",
        ]) {
          client.send(type, {
            code: 1,
            cursor_pos: "x",
            comm_id: 7,
            value: {},
            hist_access_type: [],
          });
          client.send(type, {});
        }
        await kernel.wait(200);
        await kernel.prints(
          { typescript: "console.log('alive')", python: "print('alive')" },
          "alive",
        );
      },
    },
    {
      name: "an unknown request gets no answer and no trouble",
      run: async (kernel) => {
        kernel.client.send("unheard_of_request", {});
        kernel.client.send("toString", {});
        kernel.client.send("__proto__", {});
        await kernel.prints(
          { typescript: "console.log('alive')", python: "print('alive')" },
          "alive",
        );
      },
    },
  ],
};
