/** @file An interrupt of a cell that waits for an ablation: the cell ends, the runs go on, the cell run again has them. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Split, type Task, writeTask } from "../../src/data/index.ts";
import { placesOf } from "../../src/notebook/index.ts";
import { type ProcessMark, type Run, RunReader, isAlive } from "../../src/tracking/index.ts";
import { Client, type Outcome } from "./client.ts";

const root = join(import.meta.dirname, "../..");
const home = mkdtempSync(join(tmpdir(), "rzenlab-interrupted-"));
const WORDS = ["red", "green", "blue", "black", "white", "yellow", "cyan", "magenta"];
let kernel: Client;

beforeAll(async () => {
  const { dataRoot } = placesOf(home);
  mkdirSync(join(dataRoot, "media"), { recursive: true });
  for (const background of WORDS) {
    const create = { width: 64, height: 64, channels: 3, background } as const;
    await sharp({ create }).toFile(join(dataRoot, picture(background)));
  }
  for (const split of ["train", "dev", "test"] as const) {
    await writeTask(dataRoot, colours(split));
  }
  vi.stubEnv("RZENLAB_HOME", home);
  kernel = await Client.start(join(root, "notebooks"));
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  const job = jobs().at(-1);
  if (job !== undefined && isAlive(job)) process.kill(job, "SIGKILL");
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

const picture = (word: string): string => `media/${word}.png`;

/** Eight words and as many pictures. */
function colours(split: Split): Omit<Task, "digest"> {
  return {
    name: "colours",
    split,
    modality: "image",
    metaTask: "I-RET",
    temperatureGroup: "image-retrieval",
    kind: "synthetic",
    domain: "IND",
    scope: "global",
    metric: "hit@1",
    queryInstruction: "",
    targetInstruction: "",
    queries: WORDS.map((text, i) => ({
      id: `q${i}`,
      item: { text },
      positives: new Map([[`t${i}`, 1]]),
    })),
    corpus: new Map(WORDS.map((word, i) => [`t${i}`, { image: picture(word) }])),
  };
}

/** Two runs of a head on the untrained trunk. Nothing but `options` differs from cell to cell. */
const cell = (options = ""): string => `
import { ablate } from "../src/notebook/index.ts";
const result = await ablate({
  name: "interrupted", title: "interrupted", baseline: "a",
  base: {
    steps: 300, batchSize: 4, executor: { threads: 1 }, optimizer: { warmupSteps: 1 },
    model: { scale: "nano", init: "random", adapter: { kind: "head", hidden: 8 } },
  },
  cells: [{ name: "a", changes: "", patch: {} }],
}, { seeds: 2, tasks: ["colours"]${options} });
console.log(JSON.stringify(result.members.map(({ runId, reused }) => [runId, reused])));
`;

/** Processes of experiments that were started, oldest first. */
function jobs(): number[] {
  const folder = join(home, "notebook");
  const files = readdirSync(folder).filter((name) => name.endsWith(".process"));
  return files
    .map((name) => join(folder, name))
    .toSorted((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
    .map((file) => (JSON.parse(readFileSync(file, "utf8")) as ProcessMark).pid);
}

function storedRuns(): Run[] {
  const store = RunReader.open(placesOf(home).store);
  try {
    return store.searchRuns({ limit: 100 });
  } finally {
    store.close();
  }
}

/** Ids of the runs that a cell printed, and whether they were there before. */
function printed({ text, error }: Outcome): [runId: string, reused: boolean][] {
  expect(error).toBeUndefined();
  return JSON.parse(text.trim().split("\n").at(-1)!) as [string, boolean][];
}

/** Runs a cell and interrupts it while its first run trains; `before` is done first. */
async function interrupted(code: string, before: () => void): Promise<Outcome> {
  const id = await kernel.send("shell", "execute_request", { code });
  const training = (): boolean =>
    kernel.messages.some(
      (m) => m.parent === id && /interrupted: 2 runs: \d+/.test(JSON.stringify(m.content)),
    );
  await kernel.until(training, 120_000);
  before();
  await kernel.request("interrupt_request", {}, "control");
  return kernel.outcome(id, 10_000);
}

test.skipIf(process.platform === "win32")(
  "the cell ends, its process trains on, and the cell run again follows it to the result",
  async () => {
    // The job is held, so that it can't come to its end before the interrupt.
    const { error, text } = await interrupted(cell(), () => process.kill(jobs()[0]!, "SIGSTOP"));
    expect(error).toMatchObject({ ename: "KeyboardInterrupt" });
    expect(text).not.toContain("true]");
    const [job] = jobs();
    expect(isAlive(job!)).toBe(true);
    expect(await kernel.value("typeof ablate")).toBe("'function'");
    const [begun] = storedRuns();
    expect(begun).toMatchObject({ status: "RUNNING" });

    const again = kernel.run(cell(), {}, 120_000);
    process.kill(job!, "SIGCONT");
    const made = printed(await again);
    expect(jobs()).toEqual([job]);
    expect(made.map(([, reused]) => reused)).toEqual([false, false]);
    expect(made.map(([runId]) => runId)).toContain(begun!.id);
    const stored = storedRuns();
    expect(stored.map(({ id }) => id).toSorted()).toEqual(made.map(([id]) => id).toSorted());
    expect(stored.map(({ status }) => status)).toEqual(["FINISHED", "FINISHED"]);

    // What is stored is not run again; a job that is only about to end would be followed once more.
    await vi.waitUntil(() => !isAlive(job!), { timeout: 60_000, interval: 20 });
    const third = printed(await kernel.run(cell(), {}, 120_000));
    expect(third).toEqual(made.map(([id]) => [id, true]));
  },
  300_000,
);

test("the runs of an interrupted cell come to their end though no cell waits for them", async () => {
  const code = cell(", patch: { optimizer: { learningRate: 2e-3 } }");
  const { error } = await interrupted(code, () => undefined);
  expect(error).toMatchObject({ ename: "KeyboardInterrupt" });
  const job = jobs().at(-1)!;
  await vi.waitUntil(() => !isAlive(job), { timeout: 120_000, interval: 50 });
  const stored = storedRuns();
  expect(stored.map(({ status }) => status)).toEqual(Array(4).fill("FINISHED"));
  const found = printed(await kernel.run(code, {}, 120_000));
  expect(found.map(([, reused]) => reused)).toEqual([true, true]);
  expect(storedRuns()).toHaveLength(4);
}, 300_000);
