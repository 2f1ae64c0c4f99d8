import { expect, test } from "vitest";
import type { Condition, Order, RunSearch, RunWriter } from "../../src/tracking/index.ts";
import { freshRun, freshStore } from "./support.ts";

/** a: hit 0.9, tau 0.05; b: hit 0.5, tau 0.1, failed; c: hit NaN; d: nothing. Started in that order. */
function fourRuns(): RunWriter {
  const store = freshStore();
  const a = freshRun(store, {
    name: "a",
    params: { tau: 0.05, mask: "on" },
    tags: { owner: "Eva" },
  });
  const b = freshRun(store, { name: "b", params: { tau: 0.1, mask: "off" }, user: "bo" });
  const c = freshRun(store, { name: "c", params: { tau: "auto" } });
  freshRun(store, { name: "d" });
  store.logMetrics(a.id, [{ key: "hit", value: 0.9 }]);
  store.logMetrics(b.id, [{ key: "hit", value: 0.5 }]);
  store.logMetrics(c.id, [{ key: "hit", value: NaN }]);
  store.finishRun(b.id, "FAILED");
  return store;
}

function names(store: RunWriter, search: RunSearch): string {
  return store
    .searchRuns(search)
    .map((run) => run.name)
    .join("");
}

const CASES: readonly (readonly [string, Condition, string])[] = [
  ["a metric above", { metric: "hit", is: ">", value: 0.6 }, "a"],
  ["a metric at least", { metric: "hit", is: ">=", value: 0.5 }, "ba"],
  ["unequal: neither NaN nor missing", { metric: "hit", is: "!=", value: 0.9 }, "b"],
  [
    "NOT of a condition holds for the missing",
    { not: { metric: "hit", is: ">", value: 0.6 } },
    "dcb",
  ],
  ["a number compares as a number", { param: "tau", is: "<", value: 0.06 }, "a"],
  ["0.10 and 0.1 are one number", { param: "tau", is: "=", value: 0.1 }, "b"],
  ["text compares as text", { param: "tau", is: "=", value: "auto" }, "c"],
  ["an absent param never matches", { param: "mask", is: "!=", value: "on" }, "b"],
  ["like with a wildcard", { tag: "owner", is: "like", value: "e%" }, "a"],
  ["a status", { attribute: "status", is: "=", value: "FAILED" }, "b"],
  ["a user", { attribute: "user", is: "=", value: "bo" }, "b"],
  ["no end time never matches", { attribute: "endTime", is: ">", value: 0 }, "b"],
  [
    "or",
    {
      or: [
        { attribute: "name", is: "=", value: "d" },
        { tag: "owner", is: "=", value: "Eva" },
      ],
    },
    "da",
  ],
  [
    "and",
    {
      and: [
        { metric: "hit", is: ">", value: 0 },
        { param: "mask", is: "=", value: "off" },
      ],
    },
    "b",
  ],
  [
    "nested",
    {
      and: [
        { not: { or: [{ attribute: "name", is: "=", value: "a" }] } },
        { metric: "hit", is: ">", value: 0 },
      ],
    },
    "b",
  ],
  ["an empty and is all", { and: [] }, "dcba"],
  ["an empty or is none", { or: [] }, ""],
  ["a quote is only a quote", { param: "mask", is: "=", value: "' OR 1 --" }, ""],
];

test.each(CASES)("where: %s", (_, where, expected) => {
  expect(names(fourRuns(), { where })).toBe(expected);
});

const ORDERS: readonly (readonly [string, Order, string])[] = [
  ["metric up: real, NaN, missing", { metric: "hit" }, "bacd"],
  ["metric down: NaN and missing stay last", { metric: "hit", descending: true }, "abcd"],
  ["param up: numbers, then text, then missing", { param: "tau" }, "abcd"],
  ["name down", { attribute: "name", descending: true }, "dcba"],
  ["end time: the open ones last", { attribute: "endTime" }, "bdca"],
];

test.each(ORDERS)("order: %s", (_, order, expected) => {
  expect(names(fourRuns(), { orderBy: [order] })).toBe(expected);
});

test("newest first, in pages", () => {
  const store = fourRuns();
  expect(names(store, {})).toBe("dcba");
  expect(names(store, { limit: 2 })).toBe("dc");
  expect(names(store, { limit: 2, offset: 2 })).toBe("ba");
});

test("only the experiments asked for; none asked for finds none", () => {
  const store = fourRuns();
  const other = store.createExperiment("other");
  store.createRun({ experimentId: other, name: "e" });
  expect(names(store, { experimentIds: [other] })).toBe("e");
  expect(names(store, { experimentIds: [] })).toBe("");
  expect(names(store, {})).toBe("edcba");
});

test("what is no comparison, attribute or count is refused by name", () => {
  const store = fourRuns();
  const bad = (where: object) => () => store.searchRuns({ where: where as Condition });
  expect(bad({ metric: "hit", is: "; DROP", value: 1 })).toThrow(
    'search: comparison must be one of = != < <= > >= like, got "; DROP"',
  );
  expect(bad({ attribute: "colour", is: "=", value: 1 })).toThrow(
    'search: attribute must be one of id, name, status, user, startTime, endTime, got "colour"',
  );
  expect(() => store.searchRuns({ limit: -1 })).toThrow(
    "search: limit must be a whole number >= 0",
  );
});
