/** @file Which runs share a line. */
import { expect, test } from "vitest";
import { ALL, CONFIGURATION, lineSettings, linesBy, usualLines } from "../../src/ui/lines.ts";
import type { RunRow } from "../../src/ui/server/types.ts";

function run(serial: number, params: Record<string, string>): RunRow {
  const id = String(serial).padStart(32, "0");
  const rest = { status: "FINISHED", startTime: 0, endTime: 0, user: "" } as const;
  return { serial, id, name: `run ${serial}`, ...rest, params, metrics: {}, tags: {} };
}

/** 30 values of alpha, two optimisers, two seeds. */
const many = Array.from({ length: 120 }, (_, i) =>
  run(i, { alpha: String(i % 30), optimizer: i % 60 < 30 ? "a" : "b", seed: i < 60 ? "0" : "1" }),
);

test("replicates of a configuration share one, named by its recipe if it has one", () => {
  const lines = linesBy(many, CONFIGURATION);
  expect(lines).toHaveLength(60);
  expect(lines[0]!.runs.map(({ serial }) => serial)).toEqual([0, 60]);
  const named = [
    run(1, { recipe: "quick: +HW", lr: "1" }),
    run(2, { recipe: "quick: +HW", lr: "2" }),
  ];
  expect(linesBy(named, CONFIGURATION).map(({ name }) => name)).toEqual(["+HW", "+HW (000000)"]);
});

test("too many configurations give way to the setting with the fewest values, never to the seed", () => {
  expect(usualLines(many)).toBe("optimizer");
  expect(usualLines(many.slice(0, 20))).toBe(CONFIGURATION);
  expect(lineSettings(many)).toEqual(["optimizer", "seed"]);
  const lines = linesBy(many, "optimizer");
  expect(lines.map(({ name, runs }) => [name, runs.length])).toEqual([
    ["optimizer = a", 60],
    ["optimizer = b", 60],
  ]);
  const free = many.map(({ serial }) => run(serial, { alpha: String(serial) }));
  expect(usualLines(free)).toBe(ALL);
  expect(linesBy(free, ALL)).toEqual([{ name: "all", runs: free }]);
});
