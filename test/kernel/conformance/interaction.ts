/** @file Two-way traffic: comms, stdin, the debugger. */
import { finish } from "../../support/jupyter/execution.ts";
import { check, equal, type Group, includes, type Session } from "./session.ts";

type Answer = Record<string, unknown>;

async function debug(kernel: Session, command: string, args: Answer = {}): Promise<Answer> {
  const { reply } = await kernel.client.request(
    "debug_request",
    { type: "request", seq: 1, command, arguments: args },
    { channel: "control", timeout: 20_000 },
  );
  return reply.content;
}

/** Runs a cell with a breakpoint on one of its lines and returns at the stop. */
async function stopAt(kernel: Session, code: string, line: number) {
  const { client } = kernel;
  await debug(kernel, "initialize", {
    clientID: "test",
    adapterID: "",
    linesStartAt1: true,
    columnsStartAt1: true,
    pathFormat: "path",
  });
  await debug(kernel, "attach", {});
  const dumped = (await debug(kernel, "dumpCell", { code }))["body"] as Answer;
  const sourcePath = String(dumped["sourcePath"]);
  const set = await debug(kernel, "setBreakpoints", {
    breakpoints: [{ line }],
    source: { path: sourcePath },
    sourceModified: false,
  });
  equal(set["success"], true, "setBreakpoints");
  await debug(kernel, "configurationDone");
  const since = client.published.length;
  const pending = kernel.start({ typescript: code, python: code });
  const event = await client.heard(
    "stopped",
    ({ header, content }) => header.msg_type === "debug_event" && content["event"] === "stopped",
    { since, timeout: 20_000 },
  );
  const threadId = (event.content["body"] as Answer)["threadId"];
  const trace = (await debug(kernel, "stackTrace", { threadId }))["body"] as {
    stackFrames: Answer[];
  };
  return { pending, threadId, frames: trace.stackFrames, sourcePath };
}

async function variableNamed(
  kernel: Session,
  frameId: unknown,
  name: string,
): Promise<Answer | undefined> {
  const { scopes } = (await debug(kernel, "scopes", { frameId }))["body"] as { scopes: Answer[] };
  for (const { variablesReference } of scopes) {
    const { variables } = (await debug(kernel, "variables", { variablesReference }))["body"] as {
      variables: Answer[];
    };
    const found = variables.find((each) => each["name"] === name);
    if (found) return found;
  }
  return undefined;
}

const PYTHON_FUNCTION = "def area(w, h):\n  product = w * h\n  return product\nprint(area(2, 3))";
const TYPESCRIPT_FUNCTION =
  "function area(w: number, h: number) {\n  const product = w * h;\n  return product;\n}\nconsole.log(area(2, 3));";

export const interaction: Group = {
  name: "interaction",
  cases: [
    {
      name: "prompt asks the front end and gets its answer",
      run: async (kernel) => {
        const { client } = kernel;
        let asked = "";
        client.onInput = ({ content }) => {
          asked = String(content["prompt"]);
          return "Ada";
        };
        await kernel.prints(
          {
            typescript: "console.log('hello ' + prompt('name?'))",
            python: "print('hello ' + input('name?'))",
          },
          "hello Ada",
        );
        includes(asked, "name?", "prompt");
      },
    },
    {
      name: "confirm is yes or no",
      run: async (kernel) => {
        kernel.client.onInput = () => "y";
        await kernel.prints("console.log(confirm('sure?'))", "true");
        kernel.client.onInput = () => "n";
        await kernel.prints("console.log(confirm('sure?'))", "false");
      },
    },
    {
      name: "a password is asked for as one",
      run: async (kernel) => {
        let hidden: unknown;
        kernel.client.onInput = ({ content }) => {
          hidden = content["password"];
          return "secret";
        };
        await kernel.prints(
          {
            rzenlab: "console.log(jupyter.password('key?').length)",
            python: "import getpass\nprint(len(getpass.getpass('key?')))",
          },
          "6",
        );
        equal(hidden, true, "password");
      },
    },
    {
      name: "without allow_stdin asking is an error, not a hang",
      run: async (kernel) => {
        kernel.client.onInput = undefined;
        const done = await kernel.execute(
          { typescript: "prompt('name?')", python: "input('name?')" },
          { allow_stdin: false, timeout: 4_000 },
        );
        check(
          done.reply["status"] === "error" || done.value === "null",
          `status ${String(done.reply["status"])}`,
        );
      },
    },
    {
      name: "a waiting prompt can be interrupted",
      run: async (kernel) => {
        const { client } = kernel;
        client.onInput = () => undefined;
        const pending = kernel.start({
          typescript: "prompt('never answered')",
          python: "input('never answered')",
        });
        await kernel.wait(400);
        client.interrupt();
        equal((await finish(client, pending, 4_000)).reply["status"], "error", "status");
        await kernel.prints(
          { typescript: "console.log('alive')", python: "print('alive')" },
          "alive",
        );
      },
    },
    {
      name: "comm: opened by the front end for a target, echoed by the kernel's side",
      run: async (kernel) => {
        const { client } = kernel;
        await kernel.ok({
          rzenlab:
            "jupyter.comms.register('echo', (comm, open) => { comm.onMessage(({ data }) => comm.send({ echo: data, open: open.data })) });",
          python:
            "def target(comm, open):\n  comm.on_msg(lambda m: comm.send({'echo': m['content']['data'], 'open': open['content']['data']}))\nget_ipython().kernel.comm_manager.register_target('echo', target)",
        });
        client.send("comm_open", { comm_id: "c-1", target_name: "echo", data: { start: 1 } });
        const since = client.published.length;
        client.send("comm_msg", { comm_id: "c-1", data: { n: 5 } });
        const message = await client.heard(
          "comm_msg",
          ({ header }) => header.msg_type === "comm_msg",
          { since, timeout: 4_000 },
        );
        equal(message.content["comm_id"], "c-1", "comm_id");
        equal((message.content["data"] as Answer)["echo"], { n: 5 }, "data");
        const info = (await client.request("comm_info_request", { target_name: "echo" })).reply;
        equal(info.content["comms"], { "c-1": { target_name: "echo" } }, "comm_info");
        client.send("comm_close", { comm_id: "c-1", data: {} });
      },
    },
    {
      name: "comm: opened by the kernel, with buffers, closed by it",
      run: async (kernel) => {
        const done = await kernel.ok({
          rzenlab:
            "const wire7 = jupyter.comms.open('progress', { value: 0 }); wire7.send({ value: 1 }, { buffers: [new Uint8Array([1, 2, 3])] }); wire7.close();",
          python:
            "from comm import create_comm\nwire7 = create_comm(target_name='progress', data={'value': 0})\nwire7.send({'value': 1}, buffers=[b'\\x01\\x02\\x03'])\nwire7.close()",
        });
        await kernel.wait(100);
        const kinds = kernel.client.published.filter(
          (each) => each.parent.msg_id === done.id && each.header.msg_type.startsWith("comm_"),
        );
        equal(
          kinds.map((each) => each.header.msg_type),
          ["comm_open", "comm_msg", "comm_close"],
          "messages",
        );
        equal([...(kinds[1]!.buffers[0] ?? [])], [1, 2, 3], "buffer");
      },
    },
    {
      name: "comm: an unknown target is closed",
      run: async ({ client }) => {
        const since = client.published.length;
        client.send("comm_open", { comm_id: "c-2", target_name: "nobody", data: {} });
        const message = await client.heard(
          "comm_close",
          ({ header }) => header.msg_type === "comm_close",
          { since, timeout: 4_000 },
        );
        equal(message.content["comm_id"], "c-2", "comm_id");
      },
    },
    {
      name: "comm_info is answered as itself",
      run: async ({ client }) => {
        const { reply } = await client.request("comm_info_request", {});
        equal(reply.header.msg_type, "comm_info_reply", "msg_type");
        check(typeof reply.content["comms"] === "object", "no comms");
      },
    },
    {
      name: "debugger: kernel_info says so, debugInfo answers",
      fresh: true,
      run: async (kernel) => {
        const { content } = (await kernel.client.request("kernel_info_request")).reply;
        const said =
          content["debugger"] === true ||
          (content["supported_features"] as string[] | undefined)?.includes("debugger");
        check(said === true, "kernel_info does not claim a debugger");
        const info = await debug(kernel, "debugInfo");
        equal(info["success"], true, "debugInfo");
      },
    },
    {
      name: "debugger: stops at a breakpoint in a cell, shows variables, steps and goes on",
      fresh: true,
      run: async (kernel) => {
        const code = kernel.code({ typescript: TYPESCRIPT_FUNCTION, python: PYTHON_FUNCTION });
        const { pending, threadId, frames, sourcePath } = await stopAt(kernel, code, 2);
        equal(
          [frames[0]!["line"], (frames[0]!["source"] as Answer)["path"]],
          [2, sourcePath],
          "place",
        );
        equal((await variableNamed(kernel, frames[0]!["id"], "w"))?.["value"], "2", "w");
        const since = kernel.client.published.length;
        await debug(kernel, "next", { threadId });
        await kernel.client.heard(
          "stopped after next",
          ({ content }) => content["event"] === "stopped",
          { since, timeout: 20_000 },
        );
        const { stackFrames } = (await debug(kernel, "stackTrace", { threadId }))["body"] as {
          stackFrames: Answer[];
        };
        equal(stackFrames[0]!["line"], 3, "line after next");
        await debug(kernel, "continue", { threadId });
        const done = await finish(kernel.client, pending, 20_000);
        equal(done.stdout.trim(), "6", "stdout");
        await debug(kernel, "disconnect", { restart: false, terminateDebuggee: false });
        await kernel.prints(
          { typescript: "console.log('alive')", python: "print('alive')" },
          "alive",
        );
      },
    },
    {
      name: "debugger: stops in a project file",
      fresh: true,
      run: async (kernel) => {
        await debug(kernel, "initialize", {
          clientID: "test",
          adapterID: "",
          linesStartAt1: true,
          columnsStartAt1: true,
          pathFormat: "path",
        });
        await debug(kernel, "attach", {});
        const [file, line] =
          kernel.peer.language === "python" ? ["notebooks/lib_fails.py", 3] : ["src/fails.ts", 5];
        await debug(kernel, "setBreakpoints", {
          breakpoints: [{ line }],
          source: { path: `${kernel.project.root}/${file}` },
          sourceModified: false,
        });
        await debug(kernel, "configurationDone");
        const since = kernel.client.published.length;
        const pending = kernel.start({
          typescript: "import { fail } from '../src/fails.ts'; fail('stop')",
          python: "import lib_fails\nlib_fails.fail('stop')",
        });
        const event = await kernel.client.heard(
          "stopped",
          ({ content }) => content["event"] === "stopped",
          { since, timeout: 20_000 },
        );
        const { threadId } = event.content["body"] as Answer;
        const { stackFrames } = (await debug(kernel, "stackTrace", { threadId }))["body"] as {
          stackFrames: Answer[];
        };
        equal(stackFrames[0]!["line"], line, "line");
        includes(String((stackFrames[0]!["source"] as Answer)["path"]), file, "path");
        equal(
          (await variableNamed(kernel, stackFrames[0]!["id"], "reason"))?.["name"],
          "reason",
          "variable",
        );
        await debug(kernel, "continue", { threadId });
        equal((await finish(kernel.client, pending, 20_000)).reply["status"], "error", "status");
      },
    },
  ],
};
