import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Client, type Json } from "../client.ts";

const project = realpathSync(mkdtempSync(join(tmpdir(), "rzenlab-debug-")));
const lossFile = join(project, "src/loss.ts");
const LOSS =
  "type Rows = number[];\n\nexport function mean(rows: Rows): number {\n  const total = rows.reduce((a, b) => a + b, 0);\n  return total / rows.length;\n}\n";
let kernel: Client;

beforeAll(async () => {
  mkdirSync(join(project, "src"));
  mkdirSync(join(project, "notebooks"));
  writeFileSync(lossFile, LOSS);
  kernel = await Client.start(join(project, "notebooks"));
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(project, { recursive: true });
});

let requests = 0;
async function dap(command: unknown, given: unknown = {}): Promise<Json> {
  const seq = ++requests;
  const content = { type: "request", seq, command, arguments: given };
  const { reply } = await kernel.request("debug_request", content, "control");
  expect(reply).toMatchObject({ type: "response", request_seq: seq });
  if (!reply["success"]) throw new Error(reply["message"]);
  return reply["body"];
}
const events = (name: string): Json[] =>
  kernel.messages
    .filter((m) => m.type === "debug_event" && m.content["event"] === name)
    .map((m) => m.content["body"]);
/** Does something, and waits until the cells stop (again). */
async function untilStopped<T>(act: () => Promise<T>): Promise<T> {
  const before = events("stopped").length;
  const result = await act();
  await kernel.until(() => events("stopped").length > before);
  return result;
}
/** A cell's end and its going on are told in two ways, of which either may be the faster. */
const untilGoing = (): Promise<void> =>
  kernel.until(() => events("continued").length === events("stopped").length);
const start = (code: string): Promise<string> =>
  kernel.send("shell", "execute_request", { code, store_history: true });
const frames = async (): Promise<Json[]> =>
  (await dap("stackTrace", { threadId: 1 }))["stackFrames"];
const line = async (): Promise<number> => (await frames())[0]!["line"];
const go = (): Promise<Json> => dap("continue", { threadId: 1 });
/** In a frame, else in the innermost. */
const evaluated = async (expression: string, frameId?: unknown): Promise<string> =>
  (await dap("evaluate", { expression, frameId }))["result"];
const plain = (outcome: { result: Json | undefined }): string =>
  outcome.result?.["data"]["text/plain"];
/** Breakpoints in a cell; the lines on which they stand. */
async function breakIn(code: string, ...lines: number[]): Promise<Json[]> {
  const { sourcePath } = await dap("dumpCell", { code });
  return breakAt(sourcePath, ...lines);
}
async function breakAt(path: string, ...lines: number[]): Promise<Json[]> {
  const breakpoints = lines.map((each) => ({ line: each }));
  return (await dap("setBreakpoints", { source: { path }, breakpoints }))["breakpoints"];
}

test("what needs a debugger says that none was started", async () => {
  const needing =
    "setBreakpoints setExceptionBreakpoints variables setVariable inspectVariables evaluate";
  for (const command of `${needing} richInspectVariables copyToGlobals pause continue next`.split(
    " ",
  )) {
    await expect(dap(command)).rejects.toThrow(
      `${command}: the debugger was not started (initialize)`,
    );
  }
  await expect(dap("scopes", { frameId: 7 })).rejects.toThrow("scopes: no frame 7 now");
});

test("it starts, and says so", async () => {
  await kernel.run("function before(x: number) {\n  return x * 2;\n}");
  expect(await dap("debugInfo")).toMatchObject({
    isStarted: false,
    hashMethod: "Murmur2",
    breakpoints: [],
  });
  expect(await dap("initialize")).toMatchObject({
    supportsConfigurationDoneRequest: true,
    supportsConditionalBreakpoints: true,
    supportsHitConditionalBreakpoints: true,
    supportsLogPoints: true,
    supportsSetVariable: true,
    supportsExceptionInfoRequest: true,
  });
  await dap("attach");
  await kernel.until(() => events("initialized").length === 1);
  expect(await dap("debugInfo")).toMatchObject({ isStarted: true, stoppedThreads: [] });
  expect(await dap("threads")).toEqual({ threads: [{ id: 1, name: "cells" }] });
});

test("a breakpoint in a cell stops there; variables are seen, and changed", async () => {
  const code = "enum Split { train }\nlet sum = 0;\nfor (const x of [1, 2]) {\n  sum += x;\n}\nsum";
  const [set] = await breakIn(code, 4);
  expect(set).toMatchObject({ verified: true, line: 4 });
  await dap("configurationDone");
  const id = await untilStopped(() => start(code));
  expect(events("stopped").at(-1)).toEqual({
    reason: "breakpoint",
    threadId: 1,
    allThreadsStopped: true,
  });
  expect(await dap("debugInfo")).toMatchObject({ stoppedThreads: [1] });
  const [frame] = await frames();
  expect(frame).toMatchObject({ line: 4, source: set!["source"] });
  expect((await dap("source", { source: frame!["source"] }))["content"]).toBe(code);
  const { scopes } = await dap("scopes", { frameId: frame!["id"] });
  expect(scopes.map((each: Json) => each["name"])).toEqual(["Block", "Notebook"]);
  const seen: Json = {};
  for (const { variablesReference } of scopes) {
    for (const each of (await dap("variables", { variablesReference }))["variables"])
      seen[each.name] ??= each.value;
  }
  expect(seen).toMatchObject({ x: "1", sum: "0" });
  expect(await evaluated("sum = (40 as number) + x", frame!["id"])).toBe("41");
  await expect(evaluated("nothing.there")).rejects.toThrow("nothing is not defined");
  await expect(evaluated("1 +")).rejects.toThrow("SyntaxError: Unexpected end of input");
  await expect(evaluated("1", 0)).rejects.toThrow("evaluate: no frame 0 now");

  await untilStopped(go);
  expect(await dap("evaluate", { expression: "[x, sum].join()" })).toEqual({
    result: '"2,42"',
    type: "string",
    variablesReference: 0,
  });
  await go();
  expect(plain(await kernel.outcome(id))).toBe("44");
  await untilGoing();
  expect(events("continued").length).toBe(2);
});

test("a conditional breakpoint stops where its condition holds, or says what is wrong in it", async () => {
  const code = "let seen = 0;\nfor (let i = 0; i < 9; i++) {\n  seen += i;\n}\nseen";
  const { sourcePath } = await dap("dumpCell", { code });
  const source = { path: sourcePath };
  const ask = (...breakpoints: Json[]): Promise<Json> =>
    dap("setBreakpoints", { source, breakpoints });
  const [wrong] = (await ask({ line: 3, condition: "i ==" }))["breakpoints"];
  expect(wrong).toMatchObject({ verified: false, message: 'condition "i ==": Unexpected token' });
  await ask({ line: 3, condition: "(i as number) % 4 === 3" });
  expect((await dap("debugInfo"))["breakpoints"]).toContainEqual({
    source: sourcePath,
    breakpoints: [{ line: 3, condition: "(i as number) % 4 === 3" }],
  });
  const id = await untilStopped(() => start(code));
  expect(await evaluated("i")).toBe("3");
  const [first] = await frames();
  await untilStopped(go);
  expect(await evaluated("i")).toBe("7");
  // Front ends keep showing a frame whose number they know.
  expect((await frames())[0]!["id"]).not.toBe(first!["id"]);
  await dap("copyToGlobals", { srcVariableName: "i", dstVariableName: "caught" });
  await ask({ line: 3, condition: "" });
  await untilStopped(go);
  expect(await evaluated("i")).toBe("8");
  await go();
  expect(plain(await kernel.outcome(id))).toBe("36");
  expect(plain(await kernel.run("caught"))).toBe("7");
  await ask();
});

test("a breakpoint counts how often it is reached, and stops when its hit condition says", async () => {
  const code = "let hits = 0;\nfor (let i = 0; i < 10; i++) {\n  hits += i;\n}\nhits";
  const source = { path: (await dap("dumpCell", { code }))["sourcePath"] };
  const ask = async (...breakpoints: Json[]): Promise<Json[]> =>
    (await dap("setBreakpoints", { source, breakpoints }))["breakpoints"];
  /** Values of `i` at each stop. */
  const stops = async (breakpoint: Json): Promise<string[]> => {
    expect(await ask({ line: 3, ...breakpoint })).toMatchObject([{ verified: true, line: 3 }]);
    const id = await start(code);
    const [before, seen] = [events("stopped").length, [] as string[]];
    const ended = (): boolean =>
      kernel.messages.some(
        (m) => m.parent === id && m.type === "status" && m.content["execution_state"] === "idle",
      );
    for (;;) {
      await kernel.until(() => ended() || events("stopped").length > before + seen.length);
      if (ended()) return seen;
      seen.push(await evaluated("i"));
      await go();
    }
  };
  expect(await stops({ hitCondition: "3" })).toEqual(["2"]);
  // Counted anew for each run of the cell.
  expect(await stops({ hitCondition: "== 3" })).toEqual(["2"]);
  expect(await stops({ hitCondition: ">8" })).toEqual(["8", "9"]);
  expect(await stops({ hitCondition: "<= 2" })).toEqual(["0", "1"]);
  expect(await stops({ hitCondition: "% 4" })).toEqual(["3", "7"]);
  expect(await stops({ condition: "i > 5", hitCondition: "% 2" })).toEqual(["7", "9"]);
  for (const wrong of ["often", "% 0"]) {
    expect(await ask({ line: 3, hitCondition: wrong })).toMatchObject([
      {
        verified: false,
        message: `hit condition ${JSON.stringify(wrong)}: must be a count like 3, or one after ==, >=, >, <=, < or %`,
      },
    ]);
  }
  await ask();
});

test("a log point prints where the cell does, and goes on", async () => {
  const code =
    "let logged = 0;\nfor (const row of [{ id: 1 }, { id: 2 }]) {\n  logged += row.id;\n}\nlogged";
  const source = { path: (await dap("dumpCell", { code }))["sourcePath"] };
  const ask = async (logMessage: string, rest: Json = {}): Promise<Json[]> =>
    (await dap("setBreakpoints", { source, breakpoints: [{ line: 3, logMessage, ...rest }] }))[
      "breakpoints"
    ];
  const stops = events("stopped").length;
  await ask("row {row} of `{(row.id as number) * 10}` {missing} {({ a: 1 }).a}");
  const outcome = await kernel.run(code);
  expect(plain(outcome)).toBe("3");
  expect(outcome.text).toBe(
    [1, 2]
      .map((id) => `row { id: ${id} } of \`${id}0\` {ReferenceError: missing is not defined} 1\n`)
      .join(""),
  );
  await ask("second {row.id}", { hitCondition: "2" });
  expect((await kernel.run(code)).text).toBe("second 2\n");
  expect(events("stopped").length).toBe(stops);
  expect(await ask("{1 +}")).toMatchObject([
    { verified: false, message: 'log message "1 +": Unexpected token' },
  ]);
  await breakIn(code);
});

test("variables are set: in a frame's scopes, in the notebook and inside objects", async () => {
  const code =
    "let outer = 1;\nconst box = { rows: [1, 2], fixed: Object.freeze({ n: 1 }) };\nfunction inside(x: number) {\n  const outer = x;\n  if (x > 0) {\n    let deep = outer + 1;\n    return [x, outer, deep];\n  }\n}\n[...inside(5)!, outer, box.rows].join()";
  await breakIn(code, 7);
  const id = await untilStopped(() => start(code));
  const [{ id: frameId }] = (await frames()) as [Json];
  const { scopes } = await dap("scopes", { frameId });
  const reference = (name: string): number =>
    scopes.find((each: Json) => each["name"] === name)["variablesReference"];
  const set = (variablesReference: unknown, name: string, value: string): Promise<Json> =>
    dap("setVariable", { variablesReference, name, value });
  expect(await set(reference("Block"), "deep", "(deep as number) * 100")).toEqual({
    value: "600",
    variablesReference: 0,
  });
  expect(await set(reference("Locals"), "x", "-Infinity")).toMatchObject({ value: "-Infinity" });
  // The one of the notebook, not the one that hides it.
  expect(await set(reference("Notebook"), "outer", "'shadowed ' + outer")).toMatchObject({
    value: '"shadowed 5"',
  });
  const { variables } = await dap("variables", { variablesReference: reference("Notebook") });
  const box = variables.find((each: Json) => each["name"] === "box")["variablesReference"];
  const inner = (await dap("variables", { variablesReference: box }))["variables"];
  const made = await set(box, "rows", "[7, x]");
  expect(made["value"]).toBe("Array(2) [7, -Infinity]");
  expect(await set(made["variablesReference"], "0", "8")).toMatchObject({ value: "8" });
  const fixed = inner.find((each: Json) => each["name"] === "fixed")["variablesReference"];
  await expect(set(fixed, "n", "2")).rejects.toThrow(
    "setVariable: TypeError: Cannot assign to read only property 'n' of object",
  );
  await expect(set(box, "[[Prototype]]", "null")).rejects.toThrow(
    'setVariable: TypeError: "[[Prototype]]" is no property that can be set',
  );
  await expect(set(box, "rows", "nowhere")).rejects.toThrow("nowhere is not defined");
  await expect(set(99_999, "rows", "1")).rejects.toThrow(
    "variables: no object has the reference 99999 now",
  );
  await expect(dap("setVariable", { variablesReference: box, name: "rows" })).rejects.toThrow(
    "setVariable: value must be a string, got undefined",
  );
  await go();
  expect(plain(await kernel.outcome(id))).toBe("'-Infinity,5,600,shadowed 5,8,-Infinity'");
  await breakIn(code);
});

test("a front end has the reply to what lets a cell go on before it hears of the next stop", async () => {
  const code = "let n = 0;\nn++;\nn++;\nn";
  await breakIn(code, 2, 3);
  const id = await untilStopped(() => start(code));
  const from = kernel.messages.length;
  const content = { type: "request", seq: ++requests, command: "continue", arguments: {} };
  const { reply } = await kernel.request("debug_request", content, "control");
  await kernel.until(() =>
    kernel.messages
      .slice(from)
      .some((m) => m.type === "debug_event" && m.content["event"] === "stopped"),
  );
  const numbers = kernel.messages
    .slice(from)
    .filter((m) => m.type === "debug_event")
    .map((m) => m.content["seq"] as number);
  expect(Math.min(...numbers)).toBeGreaterThan(reply["seq"]);
  await breakIn(code);
  await go();
  expect(plain(await kernel.outcome(id))).toBe("2");
});

test("steps go from line to line: into calls, over them, out of them, and over awaits", async () => {
  await breakAt(lossFile, 5);
  const code =
    'import { mean } from "../src/loss";\nconst m = mean([2, 4]);\nconst d = await new Promise<number>((r) => setTimeout(() => r(m), 5));\nfor (const i of [1, 2]) {\n  before(i);\n}\nm + d';
  const id = await untilStopped(() => start(code));
  const [inFile, inCell] = await frames();
  expect(inFile).toMatchObject({ name: "mean", line: 5, source: { path: lossFile } });
  expect(inCell).toMatchObject({ line: 2 });
  expect(await evaluated("total")).toBe("6");
  await untilStopped(() => dap("stepOut", { threadId: 1 }));
  // The call was the last thing on its line.
  expect(await line()).toBe(3);
  const lines: number[] = [];
  for (let i = 0; i < 5; i++) {
    await untilStopped(() => dap("next", { threadId: 1 }));
    lines.push(await line());
  }
  expect(lines).toEqual([4, 5, 4, 5, 4]);
  expect(events("stopped").at(-1)!["reason"]).toBe("step");
  await go();
  expect(plain(await kernel.outcome(id))).toBe("6");

  // A function of a cell that ran before the debugger was there.
  const call = "const twice = before(4);\ntwice";
  await breakIn(call, 1);
  const second = await untilStopped(() => start(call));
  await untilStopped(() => dap("stepIn", { threadId: 1 }));
  expect((await frames())[0]).toMatchObject({ name: "before", line: 2 });
  expect(await evaluated("x")).toBe("4");
  await go();
  expect(plain(await kernel.outcome(second))).toBe("8");
});

test("a breakpoint follows a file that was edited, and is gone when it is taken away", async () => {
  await breakAt(lossFile, 5);
  writeFileSync(lossFile, `// One more line.\n${LOSS.replace("total /", "10 * total /")}`);
  const id = await untilStopped(() => start('import { mean } from "../src/loss";\nmean([8])'));
  expect((await frames())[0]).toMatchObject({ name: "mean", line: 5 });
  expect((await dap("source", { source: { path: lossFile } }))["content"]).toContain("10 * total");
  await go();
  expect(plain(await kernel.outcome(id))).toBe("80");
  await breakAt(lossFile);
  expect(plain(await kernel.run("mean([9])"))).toBe("90");
});

test("a breakpoint stands on a line that has code, or says why it can't", async () => {
  const code = "const a = 1;\n\n// a note\nconst b = 2;\n// end";
  const set = await breakIn(code, 2, 5);
  expect(set).toMatchObject([
    { verified: true, line: 4 },
    { verified: false, line: 5, message: "no code at or after this line" },
  ]);
  expect(await breakIn("const = 3", 1)).toMatchObject([{ verified: false }]);
  expect(await breakAt(join(project, "src/none.ts"), 1)).toMatchObject([
    { verified: false, message: `debugger: ${project}/src/none.ts: no such file` },
  ]);
  expect(await breakAt("/etc/hostname", 1)).toMatchObject([
    {
      verified: false,
      message: "debugger: /etc/hostname: neither a cell nor a source file of the project",
    },
  ]);
  await breakIn(code);
});

test("the notebook's bindings are listed, opened and shown as they display themselves", async () => {
  await kernel.run(
    "const batch = { rows: [1, 2], name: 'b' };\nconst weights = new Float32Array(1e6);\nconst seen = new Map([['k', 1]]);\nconst shown = { [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>own</b>' }) };",
  );
  const { variables } = await dap("inspectVariables");
  const named = (name: string): Json => variables.find((each: Json) => each["name"] === name);
  const inside = async (name: string): Promise<[string, string][]> => {
    const { variablesReference } = named(name);
    const inner = (await dap("variables", { variablesReference }))["variables"];
    return inner.map((each: Json) => [each["name"], each["value"]]);
  };
  expect(named("batch")).toMatchObject({ evaluateName: "batch" });
  expect(await inside("batch")).toEqual([
    ["rows", "Array(2) [1, 2]"],
    ["name", '"b"'],
  ]);
  expect(named("batch")["value"]).toBe('{rows: Array(2), name: "b"}');
  expect(named("seen")["value"]).toBe("Map(1) {k => 1}");
  expect(named("weights")["value"]).toMatch(/^Float32Array\(1000000\) \[0, 0, .*…\]$/);
  const entries = (await inside("weights")).filter(([name]) => /^\d+$/.test(name));
  expect(entries.length).toBeGreaterThan(400);
  expect(entries.length).toBeLessThanOrEqual(500);
  expect((await inside("seen")).map(([name]) => name)).toContain("[[Entries]]");
  expect(await dap("richInspectVariables", { variableName: "shown" })).toMatchObject({
    data: { "text/html": "<b>own</b>" },
  });
  await expect(dap("variables", { variablesReference: 99_999 })).rejects.toThrow(
    "variables: no object has the reference 99999 now",
  );
});

test("errors stop where they are thrown, if that is asked for", async () => {
  await dap("setExceptionBreakpoints", { filters: ["all"] });
  const id = await untilStopped(() => start("const hint = 7;\nthrow new RangeError('here');"));
  expect(events("stopped").at(-1)!["reason"]).toBe("exception");
  expect(await line()).toBe(2);
  expect(await dap("exceptionInfo", { threadId: 1 })).toMatchObject({
    exceptionId: "RangeError",
    description: "here",
    breakMode: "always",
    details: {
      typeName: "RangeError",
      message: "here",
      stackTrace: expect.stringMatching(/^RangeError: here\n {4}at /) as string,
    },
  });
  await go();
  expect((await kernel.outcome(id)).error).toMatchObject({ ename: "RangeError" });
  const second = await untilStopped(() => start("throw { code: 7 }"));
  expect(await dap("exceptionInfo", { threadId: 1 })).toMatchObject({ exceptionId: "Object" });
  await dap("setExceptionBreakpoints", { filters: [] });
  await go();
  await kernel.outcome(second);
  await untilGoing();
  await expect(dap("exceptionInfo", { threadId: 1 })).rejects.toThrow(
    "exceptionInfo: no cell is stopped at an error",
  );
});

/** Cells by what becomes of their error; each throws the name of its case in line 2. */
const UNCAUGHT: Record<string, string> = {
  "at the top": "\nthrow new Error('at the top');",
  "after an await": "await null;\nthrow new Error('after an await');",
  "past a finally": "try {\nthrow new Error('past a finally'); } finally { 1; }",
  "in a function": "function f() {\nthrow new Error('in a function'); }\nf();",
  "in a callback": "[1].map(() => {\nthrow new Error('in a callback'); });",
  "in an async function":
    "async function g() { await null;\nthrow new Error('in an async function'); }\nawait g();",
  "before its first await":
    "async function g() {\nthrow new Error('before its first await'); }\nawait g();",
  "in one that another awaits":
    "async function g() { await null;\nthrow new Error('in one that another awaits'); }\nasync function h() { return await g(); }\nawait h();",
  "in a try without an await":
    "async function g() { await null;\nthrow new Error('in a try without an await'); }\nlet p; try { p = g(); } catch {}\nawait p;",
  "thrown again": "try { JSON.parse('{'); } catch {\nthrow new Error('thrown again'); }",
};
const CAUGHT: Record<string, string> = {
  "in a try": "try {\nthrow new Error('in a try'); } catch {}",
  "by a caller": "function f() {\nthrow new Error('by a caller'); }\ntry { f(); } catch {}",
  "around an await":
    "async function g() { await null;\nthrow new Error('around an await'); }\ntry { await g(); } catch {}",
  "around a first step":
    "async function g() {\nthrow new Error('around a first step'); }\ntry { await g(); } catch {}",
  "around one that another awaits":
    "async function g() { await null;\nthrow new Error('around one that another awaits'); }\nasync function h() { await g(); }\ntry { await h(); } catch {}",
  "by all":
    "async function g() { await null;\nthrow new Error('by all'); }\ntry { await Promise.all([g(), g()]); } catch {}",
  "by a method":
    "async function g() { await null;\nthrow new Error('by a method'); }\nawait g().catch(() => {});",
  "by a second callback":
    "async function g() { await null;\nthrow new Error('by a second callback'); }\nawait g().then(() => {}, () => {});",
};

test.each(Object.entries(UNCAUGHT))(
  "an error that nothing catches stops: %s",
  async (name, code) => {
    await dap("setExceptionBreakpoints", { filters: ["uncaught"] });
    const id = await untilStopped(() => start(code));
    expect(await dap("exceptionInfo", { threadId: 1 })).toMatchObject({
      description: name,
      breakMode: "unhandled",
    });
    expect(await line()).toBe(2);
    await dap("setExceptionBreakpoints", { filters: [] });
    await go();
    expect((await kernel.outcome(id)).error).toMatchObject({ evalue: name });
    await untilGoing();
  },
);

test.each(Object.entries(CAUGHT))("an error that is caught does not stop: %s", async (_, code) => {
  await dap("setExceptionBreakpoints", { filters: ["uncaught"] });
  const before = events("stopped").length;
  const { error } = await kernel.run(code);
  expect(error).toBeUndefined();
  await dap("setExceptionBreakpoints", { filters: [] });
  expect(events("stopped").length).toBe(before);
});

test("in project files, too, and in the process that replaces one that died", async () => {
  await dap("setExceptionBreakpoints", { filters: ["uncaught"] });
  writeFileSync(
    lossFile,
    "export async function load(): Promise<void> {\n  await null;\n  throw new Error('no file');\n}\n",
  );
  expect((await kernel.run("process.exit(4)")).error!["ename"]).toBe("RuntimeCrashed");
  const before = events("stopped").length;
  await kernel.run('import { load } from "../src/loss";\ntry { await load(); } catch {}');
  expect(events("stopped").length).toBe(before);
  const id = await untilStopped(() => start("await load();"));
  expect((await frames())[0]).toMatchObject({ name: "load", line: 3, source: { path: lossFile } });
  await dap("setExceptionBreakpoints", { filters: [] });
  await go();
  expect((await kernel.outcome(id)).error).toMatchObject({ evalue: "no file" });
  await untilGoing();
});

test("a cell that is paused on demand can be looked at and goes on", async () => {
  const id = await start(
    "let turns = 0;\nconsole.log('on');\nwhile (turns >= 0) {\n  turns++;\n}\nturns",
  );
  await kernel.until(() => kernel.messages.some((m) => m.parent === id && m.type === "stream"));
  await untilStopped(() => dap("pause", { threadId: 1 }));
  expect(events("stopped").at(-1)!["reason"]).toBe("pause");
  expect([3, 4]).toContain(await line());
  await dap("evaluate", { expression: "turns = -5" });
  await go();
  expect(plain(await kernel.outcome(id))).toMatch(/^-[45]$/);
});

test("an interrupt ends a stopped cell; the next one stops again", async () => {
  const code = "let i = 0;\nfor (;;) {\n  i++;\n}";
  await breakIn(code, 3);
  for (const expected of ["1", "1"]) {
    const id = await untilStopped(() => start(code));
    await untilStopped(go);
    expect(await evaluated("i")).toBe(expected);
    await kernel.request("interrupt_request", {}, "control");
    expect((await kernel.outcome(id)).error).toMatchObject({ ename: "KeyboardInterrupt" });
    await untilGoing();
    expect(await dap("debugInfo")).toMatchObject({ stoppedThreads: [] });
  }
  await breakIn(code);
});

test("a process that ends, also while it is stopped, is replaced by one that is debugged", async () => {
  const code = "globalThis.alive = 1;\nalive";
  await breakIn(code, 2);
  const gone = await kernel.run("process.exit(3)");
  expect(gone.error!["ename"]).toBe("RuntimeCrashed");
  expect(gone.text).not.toContain("debugger");
  const id = await untilStopped(() => start(code));
  expect(await line()).toBe(2);
  const pid = Number(await evaluated("process.pid"));
  process.kill(pid, "SIGKILL");
  expect((await kernel.outcome(id)).error!["ename"]).toBe("RuntimeCrashed");
  await untilGoing();
  const again = await untilStopped(() => start(code));
  expect(Number(await evaluated("process.pid"))).not.toBe(pid);
  await go();
  expect(plain(await kernel.outcome(again))).toBe("1");
});

test("a request that is under way says why it got no answer", async () => {
  await kernel.run("const cellBlock = new Int32Array(new SharedArrayBuffer(4));");
  const id = await start("console.log('on'); Atomics.wait(cellBlock, 0, 0, 60_000);");
  await kernel.until(() => kernel.messages.some((m) => m.parent === id && m.type === "stream"));
  const pending = expect(dap("inspectVariables")).rejects.toThrow("debugger: disconnected");
  await dap("disconnect");
  await pending;
  await kernel.request("interrupt_request", {}, "control");
  expect((await kernel.outcome(id)).error).toMatchObject({ ename: "KeyboardInterrupt" });
  await dap("initialize");
  await expect(
    dap("evaluate", { expression: "process.kill(process.pid, 'SIGKILL'); for (;;);" }),
  ).rejects.toThrow("debugger: the process that runs the cells is gone");
});

test("what is wrong in a request is said", async () => {
  await expect(dap("dance")).rejects.toThrow('debug_request: unknown command "dance"');
  await expect(dap(7)).rejects.toThrow("debug_request: command must be a string, got 7");
  await expect(dap("toString")).rejects.toThrow("unknown command");
  await expect(dap("debugInfo", [1])).rejects.toThrow(
    "debug_request: arguments must be an object, got [1]",
  );
  await expect(dap("dumpCell", { code: 1 })).rejects.toThrow(
    "dumpCell: code must be a string, got 1",
  );
  await expect(dap("setBreakpoints", { breakpoints: [] })).rejects.toThrow(
    "setBreakpoints: source.path must be a string, got undefined",
  );
  await expect(
    dap("setBreakpoints", { source: { path: lossFile }, breakpoints: [{ line: 0 }] }),
  ).rejects.toThrow(
    'setBreakpoints: breakpoints must be a list of objects with a line from 1 and texts as condition, hitCondition and logMessage, got [{"line":0}]',
  );
  await expect(
    dap("setBreakpoints", {
      source: { path: lossFile },
      breakpoints: [{ line: 1, logMessage: 7 }],
    }),
  ).rejects.toThrow('got [{"line":1,"logMessage":7}]');
  await expect(go()).rejects.toThrow("continue: no cell is stopped");
});

test("disconnecting lets a stopped cell go on; after it nothing stops any more", async () => {
  const id = await untilStopped(() => start("const x = 5;\ndebugger;\nx"));
  expect(await line()).toBe(2);
  await dap("disconnect");
  expect(plain(await kernel.outcome(id))).toBe("5");
  expect(await dap("debugInfo")).toMatchObject({ isStarted: false, breakpoints: [] });
  expect(plain(await kernel.run("debugger; 7"))).toBe("7");
});
