import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { expect, test } from "vitest";
import { RunReader, RunWriter } from "../../src/tracking/index.ts";
import { freshFolder, freshRun } from "./support.ts";

/** Seconds on a quiet machine; starting a process can take seconds on a busy one. */
const SLOW = { timeout: 300_000 };
const SCRIPT = join(import.meta.dirname, "writer.process.ts");

type Writer = {
  readonly child: ChildProcess;
  /** Points the process said were stored. */
  readonly acknowledged: () => number;
  /** Resolves at the first acknowledgement, with an error text if there was none. */
  readonly started: Promise<void>;
  readonly ended: Promise<{ code: number | null; errors: string }>;
};

function startWriter(
  folder: string,
  runId: string,
  key: string,
  size: number,
  commits: number,
): Writer {
  const child = spawn(process.execPath, [SCRIPT, folder, runId, key, `${size}`, `${commits}`]);
  let said = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  return {
    child,
    // A line without its end was cut off by the kill and acknowledges nothing.
    acknowledged: () => Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1) ?? 0),
    started: once(child.stdout, "data").then(() => undefined),
    ended: once(child, "close").then(([code]) => ({ code: code as number | null, errors })),
  };
}

function integrity(folder: string): unknown {
  const sql = new Sqlite(join(folder, "rzenlab.db"));
  try {
    return sql.pragma("integrity_check", { simple: true });
  } finally {
    sql.close();
  }
}

test(
  "five processes writing at once lose nothing, while a reader keeps reading",
  SLOW,
  async () => {
    const folder = freshFolder();
    using store = RunWriter.open(folder);
    const runs = [freshRun(store), freshRun(store)];
    // Three of the five share a run, and two of these a series.
    const jobs = [
      [0, "a"],
      [0, "a"],
      [0, "b"],
      [1, "a"],
      [1, "b"],
    ] as const;
    const writers = jobs.map(([run, key]) => startWriter(folder, runs[run]!.id, key, 20, 60));
    using reader = RunReader.open(folder);
    let slowest = 0;
    let looks = 0;
    const timer = setInterval(() => {
      const start = performance.now();
      reader.searchRuns();
      slowest = Math.max(slowest, performance.now() - start);
      looks++;
    }, 10);
    const ends = await Promise.all(writers.map((writer) => writer.ended));
    clearInterval(timer);
    expect(ends).toEqual(jobs.map(() => ({ code: 0, errors: "" })));
    expect(looks).toBeGreaterThan(10);
    expect(slowest).toBeLessThan(2_000); // a reader that waited for the writers would wait to the end

    const count = (run: number, key: string) => store.history(runs[run]!.id, key).length;
    expect([count(0, "b"), count(1, "a"), count(1, "b")]).toEqual([1_200, 1_200, 1_200]);
    // The twins log the same (step, value), at times of their own: equal times make equal points.
    const twins = store.history(runs[0]!.id, "a");
    expect(new Set(twins.map((point) => point.step)).size).toBe(1_200);
    expect(store.series(runs[0]!.id).find((s) => s.key === "a")!.count).toBe(twins.length);
    expect(integrity(folder)).toBe("ok");
  },
);

test("processes that open a new store at the same moment make its tables once", SLOW, async () => {
  const folder = join(freshFolder(), "new");
  const script = `
    import { RunWriter } from ${JSON.stringify(join(import.meta.dirname, "../../src/tracking/index.ts"))};
    const store = RunWriter.open(${JSON.stringify(folder)});
    store.createRun({ experimentId: store.getOrCreateExperiment("shared") });`;
  const children = Array.from({ length: 5 }, () =>
    spawn(process.execPath, ["--input-type=module-typescript", "-e", script], { stdio: "inherit" }),
  );
  const codes = await Promise.all(children.map(async (child) => (await once(child, "close"))[0]));
  expect(codes).toEqual([0, 0, 0, 0, 0]);
  using reader = RunReader.open(folder);
  expect(reader.experiments()).toHaveLength(1);
  expect(reader.searchRuns()).toHaveLength(5);
});

test(
  "100 writers killed at random moments: every acknowledged point is there, the file is sound",
  SLOW,
  async () => {
    const folder = freshFolder();
    using store = RunWriter.open(folder, { durability: "normal" });
    let kills = 0;
    for (let round = 0; round < 10; round++) {
      const runs = Array.from({ length: 10 }, () => freshRun(store));
      const writers = runs.map((run) => startWriter(folder, run.id, "loss", 50, 100_000));
      // Each at its own moment, while the others write; we seal what they write meanwhile.
      await Promise.all(
        writers.map(async ({ child, started, ended }) => {
          await started;
          await new Promise((done) => setTimeout(done, Math.random() * 60));
          child.kill("SIGKILL");
          expect((await ended).code).toBeNull();
          kills++;
        }),
      );
      store.seal(10);
      for (const [i, writer] of writers.entries()) {
        const points = store.history(runs[i]!.id, "loss");
        const acknowledged = writer.acknowledged();
        expect(acknowledged).toBeGreaterThan(0);
        // Whole commits only: what came after the last word is there altogether or not at all.
        expect([acknowledged, acknowledged + 50]).toContain(points.length);
        expect(points.every((point, step) => point.step === step && point.value === step)).toBe(
          true,
        );
        expect(store.series(runs[i]!.id)[0]).toMatchObject({ count: points.length });
        expect(store.run(runs[i]!.id).status).toBe("RUNNING");
      }
    }
    expect(integrity(folder)).toBe("ok");
    expect(kills).toBe(100);
  },
);
