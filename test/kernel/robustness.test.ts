/** @file What strangers send is neither executed nor fatal; what researchers run for a day does not pile up. */
import { afterEach, expect, test } from "vitest";
import { Client, type RequestChannel } from "../support/jupyter/client.ts";
import { finish, start } from "../support/jupyter/execution.ts";
import { heapOf, inspectable } from "../support/jupyter/live-heap.ts";
import { OURS } from "../support/jupyter/peers.ts";
import { frames, newHeader } from "../support/jupyter/wire.ts";

const SEED = 20_261_123;
const FORGED = 10_000;

let client: Client | undefined;
afterEach(async () => {
  await client?.close();
  client = undefined;
});

/** Mulberry32: the same messages each time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const TYPES = [
  "execute_request",
  "complete_request",
  "inspect_request",
  "is_complete_request",
  "history_request",
  "comm_open",
  "comm_msg",
  "comm_close",
  "comm_info_request",
  "debug_request",
  "kernel_info_request",
  "interrupt_reply",
  "input_reply",
  "constructor",
  "__proto__",
  "",
];

/** Code that leaves a trace where it runs. */
const TRACE = "globalThis.fuzzed = (globalThis.fuzzed ?? 0) + 1";

/** A message with one thing wrong; a rightly signed one never carries code that may run. */
function malformed(random: (below: number) => number, key: string, session: string): Buffer[] {
  const pick = <T>(values: readonly T[]): T => values[random(values.length)]!;
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random(256)));
  const junk = (): unknown =>
    pick<unknown>([
      null,
      0,
      -1,
      1e308,
      "",
      "x".repeat(random(300)),
      [],
      [[[]]],
      {},
      { a: { b: [null] } },
      true,
      "\u0000\ud800",
    ]);
  const header = newHeader(pick(TYPES), session);
  const signed = (parts: readonly [unknown, unknown, unknown, unknown]): Buffer[] =>
    frames(key, parts);
  const run = signed([
    newHeader("execute_request", session),
    {},
    {},
    { code: TRACE, silent: false },
  ]);
  switch (random(10)) {
    case 0: // A wrong key.
      return frames(`${key}x`, [newHeader("execute_request", session), {}, {}, { code: TRACE }]);
    case 1: // One bit of the signature.
      run[1]![random(run[1]!.length)]! ^= 1;
      return run;
    case 2: // One bit of what is signed.
      {
        const part = run[2 + random(4)]!;
        part[random(part.length)]! ^= 1 << random(8);
      }
      return run;
    case 3: // No signature, a short one, a long one.
      run[1] = pick([Buffer.alloc(0), run[1]!.subarray(0, 10), Buffer.concat([run[1]!, run[1]!])]);
      return run;
    case 4: // Too few frames.
      return run.slice(0, random(run.length));
    case 5: // Frames that are no message.
      return Array.from({ length: 1 + random(8) }, () => bytes(random(64)));
    case 6: // Delimiters in odd places.
      return [run[0]!, run[0]!, ...run.slice(1 + random(3))];
    case 7: // Rightly signed, parts of wrong types.
      return signed([
        pick([header, junk()]),
        junk(),
        junk(),
        { code: junk(), cursor_pos: junk(), comm_id: junk(), data: junk() },
      ]);
    case 8: // Rightly signed, header fields of wrong types.
      return signed([{ ...header, [pick(["msg_id", "msg_type", "session"])]: junk() }, {}, {}, {}]);
    default: // Rightly signed, contents of wrong types.
      return signed([
        { ...header, msg_type: pick(TYPES.filter((type) => type !== "execute_request")) },
        {},
        {},
        {
          code: junk(),
          cursor_pos: junk(),
          hist_access_type: junk(),
          n: junk(),
          comm_id: junk(),
          target_name: junk(),
          data: junk(),
          command: junk(),
          arguments: junk(),
          value: junk(),
        },
      ]);
  }
}

test(`${FORGED} malformed or forged messages are neither executed nor fatal`, async () => {
  client = await Client.launch(OURS.spec, { cwd: process.cwd() });
  const random = generator(SEED);
  const channels: RequestChannel[] = ["shell", "control", "stdin"];
  const { pid } = client.process;
  const before = await finish(client, start(client, "globalThis.fuzzed = 0; process.pid"));
  for (let i = 0; i < FORGED; i++) {
    const message = malformed(random, client.key, client.session);
    // zeromq has no message of no frames.
    if (message.length > 0) await client.sendRaw(channels[random(3)]!, message);
  }
  const after = await finish(client, start(client, "[fuzzed, process.pid].join()"), 60_000);
  expect(after.reply["status"]).toBe("ok");
  expect(after.value).toBe(`'0,${before.value}'`);
  expect(client.exit).toBeUndefined();
  expect(client.process.pid).toBe(pid);
  const announced = client.published.filter(
    ({ header, content }) => header.msg_type === "execute_input" && content["code"] === TRACE,
  );
  expect(announced).toEqual([]);
  await client.heartbeat();
}, 120_000);

/** What comes of a cell whose process dies, of the cells queued behind it and of the ones after. */
async function outlives(kernel: Client, code: string): Promise<string> {
  const before = Number((await finish(kernel, start(kernel, "process.pid"))).value);
  const dying = start(kernel, code);
  const queued = [start(kernel, "globalThis.ran = 1"), start(kernel, "globalThis.ran = 2")];
  const died = await finish(kernel, dying, 120_000);
  expect(died.reply).toMatchObject({ status: "error", ename: "RuntimeCrashed" });
  expect(died.error?.evalue).toContain("all variables are lost");
  for (const each of queued) {
    expect((await finish(kernel, each, 60_000)).reply["status"]).toBe("aborted");
  }
  const after = await finish(kernel, start(kernel, "[process.pid, typeof ran].join()"), 60_000);
  const [pid, ran] = after.value!.slice(1, -1).split(",");
  expect(ran).toBe("undefined");
  expect(Number(pid)).not.toBe(before);
  expect(after.reply["execution_count"]).toBe(Number(died.reply["execution_count"]) + 1);
  expect(kernel.exit).toBeUndefined();
  return died.error!.evalue;
}

test("a cell that runs out of memory, or is killed for the system's, takes only itself and the queue along", async () => {
  // V8's own limit would take minutes and gigabytes to reach.
  const env = { NODE_OPTIONS: "--max-old-space-size=96" };
  client = await Client.launch({ ...OURS.spec, env }, { cwd: process.cwd() });
  const hoard =
    "const all: unknown[] = [];\nfor (;;) all.push(new Array(1000).fill(Math.random()));";
  const heap = await outlives(client, hoard);
  expect(heap).toMatch(
    /it ran out of memory \(more than \d+ MB of JavaScript objects; NODE_OPTIONS=/,
  );
  const awaited =
    "await null; const more: string[] = []; for (let i = 0; ; i++) more.push(`${i}`.repeat(9));";
  expect(await outlives(client, awaited)).toContain("it ran out of memory");
  const killed = await outlives(client, "process.kill(process.pid, 'SIGKILL'); for (;;);");
  expect(killed).toContain("it was ended by SIGKILL, as the system does when its memory runs out");
}, 240_000);

/**
 * What cells leave behind: the live heap after a collection, of the process that runs them and of the kernel's own,
 * and what V8 has taken from the system for the kernel's own, garbage included. Resident memory counts pages that are
 * shared and files that are read, so it is no test. The cells are long, so that whatever keeps a copy of each adds 25 MB.
 */
test("500 cells leave less than 20 MB of live heap behind in either process, and 50 MB held in the kernel's", async () => {
  client = await Client.launch(inspectable(OURS.spec), { cwd: process.cwd() });
  const kernel = client;
  const run = async (code: string): Promise<string | undefined> => {
    const done = await finish(kernel, start(kernel, code), 60_000);
    expect(done.reply["status"]).toBe("ok");
    return done.value;
  };
  const live = async (): Promise<{ user: number; kernel: number; held: number }> => {
    await run(
      "const { setFlagsFromString } = await import('node:v8'); setFlagsFromString('--expose-gc'); (await import('node:vm')).runInNewContext('gc')();",
    );
    const user = Number(await run("process.memoryUsage().heapUsed / 2 ** 20"));
    const { live, held } = await heapOf(kernel);
    return { user, kernel: live / 2 ** 20, held: held / 2 ** 20 };
  };
  const long = "x".repeat(50_000);
  const cell = (i: number): string =>
    `const big = new Float64Array(100_000).fill(${i}); function f(x: number) { return x + big[0]! }\nconsole.log(f(1)); await null; [{ i: ${i}, v: f(2) }] // ${i}${long}`;
  for (let i = 0; i < 50; i++) await run(cell(i));
  const before = await live();
  expect(Math.min(before.user, before.kernel)).toBeGreaterThan(1);
  for (let i = 0; i < 500; i++) await run(cell(i));
  const after = await live();
  expect(after.user - before.user).toBeLessThan(20);
  expect(after.kernel - before.kernel).toBeLessThan(20);
  expect(after.held - before.held).toBeLessThan(50);
}, 240_000);
