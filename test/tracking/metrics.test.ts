import { expect, test } from "vitest";
import { fromMetricKey, metricKey } from "../../src/tracking/index.ts";
import { freshRun, freshStore } from "./support.ts";

test("NaN and both infinities come back as they went in", () => {
  const store = freshStore();
  const run = freshRun(store);
  const values = [0.1, NaN, Infinity, -Infinity, Number.MAX_VALUE, 5e-324, 3, 1e300];
  store.logMetrics(
    run.id,
    values.map((value, step) => ({ key: "loss", value, step })),
  );
  expect(store.history(run.id, "loss").map((point) => point.value)).toEqual(values);
  expect(store.series(run.id)).toMatchObject([
    { count: 8, least: -Infinity, greatest: Infinity, latest: { step: 7, value: 1e300 } },
  ]);
});

test("a series of NaN only has a latest value but no least and greatest", () => {
  const store = freshStore();
  const run = freshRun(store);
  store.logMetrics(run.id, [{ key: "loss", value: NaN, step: 1, timestamp: 2 }]);
  expect(store.series(run.id)).toEqual([
    {
      key: "loss",
      dataset: null,
      count: 1,
      latest: { step: 1, timestamp: 2, value: NaN },
      least: null,
      greatest: null,
      leastStep: null,
      greatestStep: null,
    },
  ]);
  store.logMetrics(run.id, [{ key: "loss", value: 4 }]);
  expect(store.series(run.id)[0]).toMatchObject({ least: 4, greatest: 4, latest: { value: NaN } });
});

test.each([
  ["the larger step", { step: 2, timestamp: 1, value: 1 }, { step: 1, timestamp: 9, value: 9 }],
  ["then the later time", { step: 1, timestamp: 2, value: 1 }, { step: 1, timestamp: 1, value: 9 }],
  [
    "then the larger value",
    { step: 1, timestamp: 1, value: 2 },
    { step: 1, timestamp: 1, value: 1 },
  ],
  [
    "NaN above numbers",
    { step: 1, timestamp: 1, value: NaN },
    { step: 1, timestamp: 1, value: Infinity },
  ],
])("the latest point is the one with %s, in one call or two, in any order", (_, later, earlier) => {
  const store = freshStore();
  const key = "loss";
  for (const calls of [
    [[later, earlier]],
    [[earlier, later]],
    [[later], [earlier]],
    [[earlier], [later]],
  ]) {
    const run = freshRun(store);
    for (const points of calls)
      store.logMetrics(
        run.id,
        points.map((p) => ({ key, ...p })),
      );
    expect(store.series(run.id)[0]!.latest).toEqual(later);
    expect(store.run(run.id).metrics).toEqual({ loss: later.value });
  }
});

test("the same point twice is kept once; another value at the same step is kept", () => {
  const store = freshStore();
  const run = freshRun(store);
  const point = { key: "loss", value: 1, step: 3, timestamp: 5 };
  store.logMetrics(run.id, [point, point]);
  store.logMetrics(run.id, [point, { ...point, value: 2 }, { ...point, value: NaN }]);
  store.logMetrics(run.id, [{ ...point, value: NaN }]);
  expect(store.history(run.id, "loss").map((p) => p.value)).toEqual([1, 2, NaN]);
  expect(store.series(run.id)[0]!.count).toBe(3);
});

test("history is by step, or by time as MLflow gives it, and can be cut", () => {
  const store = freshStore();
  const run = freshRun(store);
  for (const [step, timestamp] of [
    [2, 10],
    [-1, 30],
    [5, 20],
  ] as const) {
    store.logMetrics(run.id, [{ key: "loss", value: step, step, timestamp }]);
  }
  const steps = (options?: object) => store.history(run.id, "loss", options).map((p) => p.step);
  expect(steps()).toEqual([-1, 2, 5]);
  expect(steps({ order: "time" })).toEqual([2, 5, -1]);
  expect(steps({ fromStep: 0 })).toEqual([2, 5]);
  expect(steps({ toStep: 2 })).toEqual([-1, 2]);
  expect(steps({ limit: 1, offset: 1 })).toEqual([2]);
  expect(store.history(run.id, "accuracy")).toEqual([]);
});

test("a metric on a data set is a series of its own; the key's latest is over all of them", () => {
  const store = freshStore();
  const run = freshRun(store);
  const dataset = { name: "emoji", digest: "abc" };
  store.logMetrics(run.id, [
    { key: "hit", value: 0.4, step: 1 },
    { key: "hit", value: 0.9, step: 2, dataset },
  ]);
  expect(store.history(run.id, "hit").map((p) => p.value)).toEqual([0.4]);
  expect(store.history(run.id, "hit", { dataset }).map((p) => p.value)).toEqual([0.9]);
  expect(store.series(run.id).map((s) => s.dataset)).toEqual([null, dataset]);
  expect(store.run(run.id).metrics).toEqual({ hit: 0.9 });
  expect(store.searchRuns({ where: { metric: "hit", is: ">", value: 0.8 } })).toHaveLength(1);
});

test("points without a step are at 0, without a time at the store's clock", () => {
  const store = freshStore();
  const run = freshRun(store);
  store.logMetrics(run.id, [{ key: "loss", value: 1 }]);
  const [point] = store.history(run.id, "loss");
  expect(point).toMatchObject({ step: 0, value: 1 });
  expect(point!.timestamp).toBeGreaterThan(run.startTime);
});

test("wrong points name the key, the value and the rule, and nothing is stored", () => {
  const store = freshStore();
  const run = freshRun(store);
  const log = (point: object) => () =>
    store.logMetrics(run.id, [
      { key: "ok", value: 1 },
      { key: "loss", value: 1, ...point },
    ]);
  expect(log({ value: "1" })).toThrow(
    'metric loss: value must be a number (NaN and infinities too), got "1"',
  );
  expect(log({ value: true })).toThrow("got true");
  expect(log({ step: 0.5 })).toThrow("metric loss: step must be a safe integer, got 0.5");
  expect(log({ timestamp: -1 })).toThrow(
    "metric loss: timestamp must be whole milliseconds since 1970, got -1",
  );
  expect(log({ key: "a b@c" })).toThrow("metric key must be letters");
  expect(log({ dataset: { name: "", digest: "d" } })).toThrow("metric loss: data set name must be");
  expect(store.series(run.id)).toEqual([]);
});

test("metricKey makes any name a legal key, and back", () => {
  const store = freshStore();
  const run = freshRun(store);
  const names = ["hit@1", "MTEB(eng, v2)", "a:b", ":40:", "größe 😀", "plain/key_1.x-y"];
  store.logMetrics(
    run.id,
    names.map((name) => ({ key: metricKey(name), value: 1 })),
  );
  expect(Object.keys(store.run(run.id).metrics).map(fromMetricKey).sort()).toEqual(
    [...names].sort(),
  );
  expect(metricKey("plain/key_1.x-y")).toBe("plain/key_1.x-y");
});
