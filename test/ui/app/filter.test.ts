/** @file The runs table's filter language: what it lets through, and where it says a mistake is. */
import { describe, expect, test } from "vitest";
import { FilterError, parseFilter } from "../../../src/ui/app/filter.ts";
import type { RunRow } from "../../../src/ui/server/types.ts";

const run: RunRow = {
  id: "a1",
  name: "False negatives + HW",
  status: "FINISHED",
  startTime: 0,
  endTime: 1,
  user: "ada",
  params: { seed: "10", optimizer: "adamw", "loss.temperature": "0.05" },
  metrics: { score: 0.5, diverged: null },
  tags: { note: 'says "and"' },
};

describe("a run passes", () => {
  test.each([
    ["", true],
    ["status = FINISHED", true],
    ["status != FINISHED", false],
    // As text "10" would come before "9".
    ["params.seed > 9", true],
    ['params.seed = "10"', true],
    ["params.loss.temperature <= 0.05", true],
    ['name ~ "hw"', true],
    ['tags.note ~ "\\"and\\""', true],
    ["user = bob or user = ada and params.seed = 10", true],
    ["(user = ada or user = bob) and params.seed = 11", false],
    ["not (user = ada) OR status = FINISHED", true],
    // What a run doesn't have, or what isn't a number, is neither more nor less.
    ["metrics.missing != 1", false],
    ["metrics.diverged < 1", false],
    ["params.constructor ~ function", false],
  ])("%s: %s", (text, passes) => {
    expect(parseFilter(text)(run)).toBe(passes);
  });
});

describe("a mistake is named with its place", () => {
  test.each([
    ["status", 6, "expected one of = != < <= > >= ~"],
    ["status FINISHED x", 7, 'expected one of = != < <= > >= ~, got "FINISHED"'],
    ["status =", 8, "expected a value"],
    ["status = FINISHED and", 21, "expected a field such as status or params.seed"],
    ["(status = FINISHED", 18, 'expected ")"'],
    ["status = FINISHED user = ada", 18, 'expected "and" or "or" before "user"'],
    ['name = "HW', 7, `can't read ""HW"`],
    [
      "seed < 3",
      0,
      'no field "seed"; there are name, status, user, id, params.X, metrics.X, tags.X',
    ],
  ])("%s", (text, position, message) => {
    let caught: unknown;
    try {
      parseFilter(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(FilterError);
    expect(caught).toMatchObject({ position, message });
  });
});
