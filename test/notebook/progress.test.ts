/** @file The progress bar: what it says, and how often. */
import { expect, test } from "vitest";
import type { Host } from "../../src/notebook/index.ts";
import { ProgressBar, progress } from "../../src/notebook/index.ts";

function recorder(): { host: Host; shown: { text: string; id: string; update: boolean }[] } {
  const shown: { text: string; id: string; update: boolean }[] = [];
  const host: Host = {
    name: "rzenlab",
    signal: undefined,
    executionCount: undefined,
    cellId: undefined,
    async show(bundle, options) {
      const text = bundle["text/plain"] as string;
      shown.push({ text, id: options!.id!, update: options!.update! });
    },
  };
  return { host, shown };
}

test("says share, rate and time left, in one display", () => {
  const { host, shown } = recorder();
  let time = 0;
  const bar = new ProgressBar("embed", 1000, { host, now: () => time });
  time = 2_000;
  bar.set(120, "page 12");
  time = 10_000;
  bar.set(1000);
  bar.end();
  expect(shown[0]!.text).toBe("embed: 120/1000 12 % (60/s, 15 s left) page 12");
  expect(shown.at(-1)!.text).toBe("embed: 1000/1000 100 % in 10 s (100/s)");
  expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
  expect(shown.map(({ update }) => update)).toEqual([false, ...shown.slice(1).map(() => true)]);
});

test("draws at most 20 times a second, and the last state always", () => {
  const { host, shown } = recorder();
  let time = 0;
  const bar = new ProgressBar("fast", 10_000, { host, now: () => time });
  for (let i = 1; i <= 10_000; i++) {
    time = i / 10; // 10,000 updates in one second
    bar.set(i);
  }
  bar.end();
  expect(shown.length).toBeGreaterThan(15);
  expect(shown.length).toBeLessThanOrEqual(22);
  expect(shown.at(-1)!.text).toContain("10000/10000");
});

test("a late update is drawn without another call", async () => {
  const { host, shown } = recorder();
  const bar = new ProgressBar("late", 10, { host });
  bar.set(1);
  bar.set(2);
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(shown.map(({ text }) => text.slice(0, 10))).toEqual(["late: 1/10", "late: 2/10"]);
});

test("goes over a list and ends where the loop is left", () => {
  const { host, shown } = recorder();
  for (const n of progress("list", [1, 2, 3], { host })) if (n === 2) break;
  expect(shown.at(-1)!.text).toContain("list: 1/3");
});
