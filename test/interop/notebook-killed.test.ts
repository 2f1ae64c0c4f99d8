/** @file A notebook killed in the middle of an ablation: its runs go on, and the cell run again picks them up. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KernelClient } from "../../src/cli/kernel-client.ts";
import { ORIGIN_TAGS } from "../../src/notebook/origin.ts";
import type { Run } from "../../src/tracking/index.ts";
import { type ProcessMark, RunReader, isAlive } from "../../src/tracking/index.ts";

const root = join(import.meta.dirname, "../..");
const home = mkdtempSync(join(tmpdir(), "rzenlab-killed-"));
const notebook = "notebooks/mine.ipynb";

beforeAll(() => {
  execFileSync(process.execPath, ["bin/rzenlab.js", "data", "prepare"], { cwd: root });
  mkdirSync(join(root, ".rzenlab/cache"), { recursive: true });
  for (const shared of ["data", "cache"])
    symlinkSync(join(root, ".rzenlab", shared), join(home, shared));
}, 900_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Two runs that take long enough to be killed in. */
const cell = (options = ""): string => `
import { ablate } from "rzenlab/notebook";
console.log("kernel", process.ppid, process.pid);
const result = await ablate({
  name: "killed", title: "killed", baseline: "a",
  base: {
    stage: 2, steps: 400, batchSize: 32, checkpoint: { everySteps: 50 },
    model: { scale: "nano", init: "data/nano/stage1.safetensors", adapter: { kind: "head", hidden: 16 } },
    sampler: { capPerDataset: 100 }, executor: { threads: 1 },
  },
  cells: [{ name: "a", changes: "", patch: {} }],
}, { seeds: 2, tasks: ["motion-class"]${options} });
console.log(JSON.stringify(result.members.map(({ runId, reused }) => [runId, reused])));
`;

/** Runs the cell; `until` sees all that was published and may end the wait by killing. */
async function execute(
  code: string,
  until: (text: string) => void = () => undefined,
): Promise<string> {
  const client = await KernelClient.start(join(root, "notebooks"), {
    RZENLAB_HOME: home,
    RZENLAB_NOTEBOOK: notebook,
  });
  let text = "";
  try {
    const reply = await client.execute(code, {
      cellId: "the-cell",
      onPublished: ({ content }) => {
        text += JSON.stringify(content);
        until(text);
      },
    });
    expect(reply["status"], JSON.stringify(reply)).toBe("ok");
    return text;
  } finally {
    await client.close();
  }
}

function storedRuns(): Run[] {
  const store = RunReader.open(join(home, "store"));
  try {
    return store.searchRuns({ limit: 100 });
  } finally {
    store.close();
  }
}

/** Waits until so many steps are done, then kills what `victims` names. */
async function killedAt(
  step: RegExp,
  victims: (text: string) => number[],
  onStarted: () => void = () => undefined,
): Promise<void> {
  let [started, killed] = [false, false];
  const dying = execute(cell(), (text) => {
    if (!started && /kernel \d/.test(text)) {
      started = true;
      onStarted();
    }
    if (killed || !step.test(text)) return;
    killed = true;
    for (const pid of victims(text)) process.kill(pid, "SIGKILL");
  });
  await expect(dying).rejects.toThrow("the kernel is gone (SIGKILL)");
  expect(killed).toBe(true);
}

const kernel = (text: string): number[] => /kernel (\d+) (\d+)/.exec(text)!.slice(1).map(Number);
function job(): number {
  const folder = join(home, "notebook");
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".process"));
  return (JSON.parse(readFileSync(join(folder, file!), "utf8")) as ProcessMark).pid;
}

test.skipIf(process.platform === "win32")(
  "runs survive the notebook, resume after a kill of their own, and are made once",
  async () => {
    // The job is held meanwhile, so that it can't come to its end before the next kernel is up.
    await killedAt(/killed: 2 runs: \d{2,}\//, (text) => {
      process.kill(job(), "SIGSTOP");
      return kernel(text);
    });
    const first = job();
    expect(isAlive(first)).toBe(true);

    // A new kernel follows the same process; then both are killed, as at a power cut.
    await killedAt(
      /killed: 2 runs: [2-9]\d{2}\//,
      (text) => [...kernel(text), job()],
      () => process.kill(first, "SIGCONT"),
    );
    expect(job()).toBe(first);
    const before = storedRuns();

    // What was cut off goes on under its own id.
    const made = await execute(cell());
    expect(job()).not.toBe(first);
    const after = storedRuns();
    expect(after).toHaveLength(2);
    expect(after.map(({ id }) => id)).toEqual(expect.arrayContaining(before.map(({ id }) => id)));
    for (const { id, status, tags } of after) {
      expect(made).toContain(id);
      expect(status).toBe("FINISHED");
      expect(tags).toMatchObject({
        [ORIGIN_TAGS.path]: notebook,
        [ORIGIN_TAGS.cell]: "the-cell",
        [ORIGIN_TAGS.execution]: "1",
      });
    }

    const again = await execute(cell());
    expect(again.match(/,true\]/g)).toHaveLength(2);
    expect(storedRuns()).toHaveLength(2);
    const forced = await execute(cell(", force: true"));
    expect(forced.match(/,false\]/g)).toHaveLength(2);
    expect(storedRuns()).toHaveLength(4);
  },
  900_000,
);
