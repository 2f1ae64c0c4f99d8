/** @file Where the points of a curve lie, and how runs with other steps are brought together. */
import { describe, expect, test } from "vitest";
import { batchOf, curveSearch, drawnGroup, placed } from "../../../src/ui/app/curves.ts";

const points = { steps: [0, 10, 20], seconds: [0, 5, 12], values: [3, 2, null] };

test("a run lies on steps, on seconds, on samples where its settings tell how many", () => {
  expect(placed(points, "step", { seed: "3" })).toEqual({
    seed: 3,
    steps: [0, 10, 20],
    values: [3, 2, null],
  });
  expect(placed(points, "time", {})?.steps).toEqual([0, 5, 12]);
  expect(placed(points, "samples", { "train.batchSize": "64" })?.steps).toEqual([0, 640, 1280]);
  expect(placed(points, "samples", {})).toBeUndefined();
  expect([batchOf({ batch_size: "8" }), batchOf({ batchSize: "many" })]).toEqual([8, undefined]);
});

describe("members of a group", () => {
  const member = (steps: number[], values: (number | null)[]) => ({ seed: 0, steps, values });
  const drawn = (members: ReturnType<typeof member>[], search = {}) =>
    drawnGroup({ name: "g", members }, { smooth: 0, ...search }).members;

  test("with the same places stay as they are", () => {
    const members = [member([1, 2], [1, 2]), member([1, 2], [3, null])];
    expect(drawn(members)).toEqual(members);
  });

  test("with other places are read between their points, and nowhere else", () => {
    const [a, b] = drawn([member([0, 4], [0, 8]), member([1, 2], [5, 7])]);
    expect(a).toEqual(member([0, 1, 2, 4], [0, 2, 4, 8]));
    expect(b).toEqual(member([0, 1, 2, 4], [null, 5, 7, null]));
  });

  test("leave gaps where a value is missing", () => {
    const [a] = drawn([member([0, 2, 4], [0, null, 4]), member([1, 3], [1, 1])]);
    expect(a!.values).toEqual([0, null, null, null, 4]);
  });

  test("lose what a log axis can't hold", () => {
    const [a] = drawn([member([0, 1, 2], [1, -1, 2])], { log: "xy" });
    expect(a).toEqual(member([1, 2], [null, 2]));
  });

  test("are smoothed over a share of the run", () => {
    const steps = Array.from({ length: 100 }, (_, i) => i);
    const saw = member(
      steps,
      steps.map((i) => i % 2),
    );
    expect(drawn([saw], { smooth: 0 })[0]!.values).toEqual(saw.values);
    const [calm] = drawn([saw], { smooth: 10 });
    expect(Math.max(...(calm!.values as number[]).slice(10, 90))).toBeLessThan(0.6);
  });
});

test("an address says only what is unusual and known", () => {
  expect(curveSearch({ axis: "time", smooth: 10, log: "xy", other: 1 })).toEqual({
    axis: "time",
    smooth: 10,
    log: "xy",
  });
  expect(curveSearch({ axis: "step", smooth: 3, log: "z" })).toEqual({});
});
