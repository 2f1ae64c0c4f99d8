import * as fc from "fast-check";
import Sqlite from "better-sqlite3";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  decodeIntegers,
  decodeValues,
  encodeIntegers,
  encodeValues,
} from "../../../src/tracking/chunks/codec.ts";
import { thin } from "../../../src/tracking/chunks/thin.ts";
import { type NewPoint, RunWriter } from "../../../src/tracking/index.ts";
import { freshFolder, freshRun, freshStore } from "../support.ts";

const safe = fc.maxSafeInteger();

test("any whole numbers survive the codec", () => {
  fc.assert(
    fc.property(fc.array(safe), fc.integer({ min: 1, max: 1e6 }), (wild, stride) => {
      for (const column of [
        wild,
        wild.map((_, i) => 5 + i * stride),
        wild.map((v) => (v % 300) + 0),
      ]) {
        const data = Float64Array.from(column);
        expect(decodeIntegers(encodeIntegers(data), data.length)).toEqual(data);
      }
    }),
  );
});

test("any values survive the codec, in four bytes where that loses nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.double()), (values) => {
      const data = Float64Array.from(values);
      expect(decodeValues(encodeValues(data), data.length)).toEqual(data);
    }),
  );
  expect(encodeValues(Float64Array.of(0.5, NaN, -Infinity)).length).toBe(12);
  expect(encodeValues(Float64Array.of(0.1)).length).toBe(8);
});

test("damaged bytes are named, not decoded", () => {
  expect(() => decodeValues(new Uint8Array(9), 2)).toThrow("chunk: 9 bytes are no 2 values");
  expect(() => decodeIntegers(new Uint8Array(18), 2)).toThrow("chunk: 18 bytes are no 2 integers");
});

/** A noisy curve with 200 spikes at places of its own, up and down. */
function spiky(length: number): { values: Float64Array; spikes: Map<number, number> } {
  let state = 7;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const values = Float64Array.from({ length }, (_, i) => Math.exp(-i / length) + random() / 10);
  const spikes = new Map<number, number>();
  while (spikes.size < 200) {
    spikes.set(Math.floor(random() * length), (random() < 0.5 ? -1 : 1) * (2 + random()));
  }
  for (const [at, value] of spikes) values[at] = value;
  return { values, spikes };
}

test("thinning keeps ends, NaN and every spike, also two in one stretch, within its limit", () => {
  const { values, spikes } = spiky(20_000);
  values[10_000] = NaN;
  spikes.delete(10_000);
  const steps = Float64Array.from(values.keys());
  const thinned = thin({ steps, times: steps, values }, 1_000);
  expect(thinned.steps.length).toBe(1_000);
  const kept = new Set(thinned.steps);
  expect([0, 19_999, 10_000].every((step) => kept.has(step))).toBe(true);
  expect([...spikes.keys()].filter((step) => !kept.has(step))).toEqual([]);
  for (const [i, step] of thinned.steps.entries()) expect(thinned.values[i]).toBe(values[step]);
});

test("constant and all-NaN curves thin to the limit at most", () => {
  for (const value of [1, NaN, Infinity]) {
    const steps = Float64Array.from({ length: 5_000 }, (_, i) => i);
    const thinned = thin({ steps, times: steps, values: steps.map(() => value) }, 8);
    expect(thinned.steps.length).toBeLessThanOrEqual(8);
    expect([thinned.steps[0], thinned.steps.at(-1)]).toEqual([0, 4_999]);
  }
});

const series = (length: number, first = 0): NewPoint[] =>
  Array.from({ length }, (_, i) => {
    const step = first + i;
    const value = step % 1_000 === 7 ? NaN : Math.sin(step);
    return { key: "loss", step, timestamp: 1_000 + Math.floor(step / 10), value };
  });

/** Rows and chunks of the file. */
function layout(folder: string): { rows: number; chunks: number } {
  const sql = new Sqlite(join(folder, "rzenlab.db"), { readonly: true });
  try {
    const count = (table: string) =>
      sql.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
    return { rows: count("points"), chunks: count("chunks") };
  } finally {
    sql.close();
  }
}

test("a sealed series answers every question as its rows did", () => {
  const plain = freshStore();
  const sealed = freshStore();
  const points = series(10_000);
  const runs = [plain, sealed].map((store) => freshRun(store));
  for (const [i, store] of [plain, sealed].entries()) store.logMetrics(runs[i]!.id, points);
  expect(sealed.seal()).toBe(1);
  expect(sealed.seal()).toBe(0);
  expect(layout(sealed.folder)).toEqual({ rows: 10_000 - 8_192, chunks: 2 });
  // Late points, repeated points and new ones, after sealing.
  const more = [
    ...series(5, 9_998),
    ...series(3, 100),
    { ...points[50]!, value: 9 },
    ...series(2, -5),
  ];
  for (const [i, store] of [plain, sealed].entries()) store.logMetrics(runs[i]!.id, more);
  const both = (ask: (store: RunWriter, run: string) => unknown): void =>
    expect(ask(sealed, runs[1]!.id)).toEqual(ask(plain, runs[0]!.id));
  both((store, run) => store.series(run));
  expect(sealed.series(runs[1]!.id)[0]).toMatchObject({
    count: 10_006,
    greatest: 9,
    greatestStep: 50,
  });
  for (const order of ["step", "time"] as const) {
    both((store, run) => store.history(run, "loss", { order }));
    both((store, run) => store.history(run, "loss", { order, offset: 4_000, limit: 300 }));
    both((store, run) => store.history(run, "loss", { order, fromStep: 4_090, toStep: 4_100 }));
  }
  both((store, run) => store.thinnedHistory(run, "loss", { limit: 100 }));
});

test("pages of a sealed series in order are read without the chunks before them", () => {
  const store = freshStore();
  const run = freshRun(store);
  store.logMetrics(run.id, series(20_000));
  store.seal();
  for (const order of ["step", "time"] as const) {
    const pages = [0, 7_000, 14_000].flatMap((offset) =>
      store.history(run.id, "loss", { order, offset, limit: 7_000 }),
    );
    expect(pages.map((point) => point.step)).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
  }
});

test("points all at step 0 are sealed and told apart by their times", () => {
  const store = freshStore();
  const run = freshRun(store);
  const points = Array.from({ length: 9_300 }, (_, i) => ({ key: "x", value: i, timestamp: i }));
  store.logMetrics(run.id, points);
  store.seal();
  store.logMetrics(run.id, [points[3]!, { key: "x", value: 1, timestamp: 9_300 }]);
  expect(store.history(run.id, "x")).toHaveLength(9_301);
  expect(store.run(run.id).metrics).toEqual({ x: 1 });
});

test("optimize seals all, frees the space of deleted runs, and what is left is whole", () => {
  const folder = freshFolder();
  using store = RunWriter.open(folder);
  const [kept, gone] = [freshRun(store), freshRun(store)];
  for (const run of [kept, gone]) store.logMetrics(run.id, series(20_000));
  store.logArtifact(gone.id, "notes.txt", "x");
  store.optimize();
  expect(layout(folder)).toEqual({ rows: 0, chunks: 10 });
  const bytes = (): number => statSync(join(folder, "rzenlab.db")).size;
  const before = bytes();
  store.deleteRun(gone.id);
  expect(store.gc({ olderThanMs: 60_000 })).toEqual({ runs: 0, experiments: 0 });
  expect(store.run(gone.id).lifecycle).toBe("deleted");
  expect(store.gc()).toEqual({ runs: 1, experiments: 0 });
  expect(() => store.run(gone.id)).toThrow("no run with id");
  expect(() => statSync(join(folder, "artifacts", gone.id))).toThrow("ENOENT");
  store.optimize();
  expect(bytes()).toBeLessThan(before * 0.7);
  expect(store.history(kept.id, "loss")).toHaveLength(20_000);
});

test("gc takes a deleted experiment with its runs, and frees its name", () => {
  const store = freshStore();
  const run = freshRun(store);
  store.deleteExperiment(run.experimentId);
  expect(store.gc({ runIds: [] })).toEqual({ runs: 0, experiments: 0 });
  expect(store.gc()).toEqual({ runs: 1, experiments: 1 });
  expect(store.createExperiment("test")).toBeGreaterThan(run.experimentId);
});

test(
  "a long series thins to 2,000 with every spike, from the pyramid",
  { timeout: 120_000 },
  () => {
    const store = freshStore();
    const run = freshRun(store);
    const { values, spikes } = spiky(150_000);
    for (let from = 0; from < values.length; from += 50_000) {
      const part = values.subarray(from, from + 50_000);
      store.logMetrics(
        run.id,
        Array.from(part, (value, i) => ({
          key: "loss",
          value,
          step: from + i,
          timestamp: from + i,
        })),
      );
    }
    while (store.seal() > 0);
    const start = performance.now();
    const thinned = store.thinnedHistory(run.id, "loss", { limit: 2_000 });
    const ms = performance.now() - start;
    expect(thinned).toHaveLength(2_000);
    const kept = new Map(thinned.map(({ step, value }) => [step, value]));
    expect([...spikes].filter(([step, value]) => kept.get(step) !== value)).toEqual([]);
    expect(ms).toBeLessThan(1_000); // of a million: 60 ms on a quiet machine: bench/tracking.bench.ts
  },
);

test("a limit too small to thin to is refused", () => {
  const store = freshStore();
  const run = freshRun(store);
  expect(() => store.thinnedHistory(run.id, "loss", { limit: 7 })).toThrow(
    "thinnedHistory: limit must be a whole number >= 8, got 7",
  );
});
