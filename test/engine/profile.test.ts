import { describe, expect, test, vi } from "vitest";
import type { Profile } from "../../src/engine/index.ts";
import { Trainer, createExecutor } from "../../src/engine/index.ts";
import { stepCompilation } from "../../src/engine/program.ts";
import { flopsOf } from "../../src/engine/explain.ts";
import { DEVICES } from "./devices.ts";
import { toPlain } from "./toy.ts";
import { textFeeds, textProgram, textState } from "./toy-text.ts";

// Whole trainings, on machines that others load too.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const open = (executor: Parameters<typeof createExecutor>[0], options = {}): Promise<Trainer> =>
  Trainer.create({
    executor: createExecutor(executor, options),
    state: textState(),
    build: textProgram,
  });

const total = (profile: Profile): number =>
  profile.nodes.reduce((sum, { microseconds }) => sum + microseconds, 0);

type Icicle = { ids: string[]; parents: string[]; values: number[]; labels: string[] };

const flameOf = (profile: Profile): Icicle =>
  (profile.bundle()["application/vnd.plotly.v1+json"] as { data: [Icicle] }).data[0];

describe.each([
  ...DEVICES.filter(({ executor, options }) => executor !== "wasm" && !options.loops),
  { name: "reference", executor: "reference", options: {} } as const,
])("a step profiled on $name", ({ executor, options }) => {
  test("tells where its time goes, and changes nothing", async () => {
    const trainer = await open(executor, options);
    const feeds = textFeeds(0);
    await trainer.prepare("only");
    const before = toPlain(await trainer.state());
    const profile = await trainer.profile("only", feeds, { runs: 2 });
    expect(toPlain(await trainer.state())).toEqual(before);
    expect(trainer.updates).toBe(0);

    expect(profile.device).toContain(trainer.device.name);
    expect(new Set(profile.nodes.map(({ phase }) => phase))).toEqual(
      new Set(["forward", "backward", "update"]),
    );
    expect(total(profile)).toBeGreaterThan(0);
    expect(profile.microseconds).toBeGreaterThan(0.5 * total(profile));
    // Fused or not, all matrix products are found again.
    const flops = profile.nodes.reduce((sum, node) => sum + node.flops, 0);
    const { plan } = stepCompilation(textProgram());
    expect(flops).toBe(plan.nodes.reduce((sum, node) => sum + flopsOf(node), 0));
    await trainer.close();
  });
});

test("as text it is a table, as a cell's result a flame whose parts fit into their wholes", async () => {
  const trainer = await open("cpu", { threads: 1 });
  const profile = await trainer.profile("only", textFeeds(0));
  await trainer.close();
  const lines = profile.toString().split("\n");
  expect(lines[4]).toMatch(
    /^time {9}[\d.]+ ms a run on cpu \(onnxruntime-node [\d.]+\), [\d.]+ in nodes: forward [\d.]+, backward [\d.]+, update [\d.]+$/,
  );
  expect(lines[6]).toMatch(/^operator +nodes +ms +share +GFLOP\/s$/);
  const shares = lines.slice(7).map((line) => Number(/([\d.]+) %/.exec(line)![1]));
  expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(100, -1);

  const { ids, parents, values } = flameOf(profile);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.slice(0, 2)).toEqual(["run", "forward"]);
  const within = new Map<string, number>();
  for (const [i, parent] of parents.entries())
    within.set(parent, (within.get(parent) ?? 0) + values[i]!);
  for (const [i, id] of ids.entries()) {
    const inside = within.get(id);
    if (inside !== undefined) expect(inside, id).toBeCloseTo(values[i]!, 6);
  }
  const svg = String(profile.bundle()["image/svg+xml"]);
  expect(svg.match(/<rect /g)!.length).toBeGreaterThan(10);
  expect(svg).toContain(">backward</text>");
});

test("wasm says that it can't", async () => {
  const trainer = await open("wasm", { threads: 1 });
  await expect(trainer.profile("only", textFeeds(0))).rejects.toThrow(
    "device wasm does not tell its nodes' times; profile on cpu",
  );
  await trainer.close();
});

test("it wants at least one run", async () => {
  const trainer = await open("reference");
  await expect(trainer.profile("only", textFeeds(0), { runs: 0 })).rejects.toThrow(
    "Trainer.profile: runs must be a whole number from 1 up, got 0",
  );
});
