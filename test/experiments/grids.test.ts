import { describe, expect, test } from "vitest";
import { GRIDS, gridOf, planGrid } from "../../src/experiments/grids.ts";
import { taskKey } from "../../src/experiments/identity.ts";
import { resolveConfig } from "../../src/experiments/config.ts";

const SAME = { dataDigest: "d", initDigest: "i", codeVersion: "1" };

describe.each(Object.values(GRIDS))("grid $name", (grid) => {
  const runs = planGrid(grid, 3);

  test("has its baseline among its cells, and no name twice", () => {
    const names = grid.cells.map((cell) => cell.name);
    expect(names).toContain(grid.baseline);
    expect(new Set(names).size).toBe(names.length);
  });

  test("trains every cell with equal steps, batch, optimiser and start", () => {
    const equal = ({ config }: (typeof runs)[number]): unknown => ({
      steps: config.steps,
      batchSize: config.batchSize,
      optimizer: config.optimizer,
      adapter: config.model.adapter,
      init: config.model.init,
      tasks: config.sampler.tasks,
      cap: config.sampler.capPerDataset,
    });
    for (const run of runs) expect(equal(run)).toEqual(equal(runs[0]!));
  });

  test("gives every cell of a replicate the same initial weights", () => {
    for (const run of runs) expect(run.config.model.initSeed).toBe(run.replicate);
  });

  test("no two runs are the same run", () => {
    const keys = runs.map((run) => taskKey({ config: run.config, ...SAME }));
    expect(new Set(keys).size).toBe(runs.length);
  });
});

test("the quick grid is the full factorial of weighting, mask and temperature", () => {
  const factors = planGrid(gridOf("quick"), 1).map(
    ({ config: { loss } }) => `${loss.alpha} ${loss.delta} ${loss.temperature.learnable}`,
  );
  expect(factors.toSorted()).toEqual(
    ["0 0.95 false", "0 0.95 true", "0 null false", "0 null true"].concat([
      "9 0.95 false",
      "9 0.95 true",
      "9 null false",
      "9 null true",
    ]),
  );
});

test("the clean half of the duplicates control is the quick grid's own runs", () => {
  const key = (grid: string, cell: string): string => {
    const run = planGrid(gridOf(grid), 1).find((r) => r.cell === cell)!;
    return taskKey({ config: run.config, ...SAME });
  };
  for (const cell of ["baseline", "+HW", "+FN", "+HW+FN"]) {
    expect(key("duplicates", cell)).toBe(key("quick", cell));
    expect(key("duplicates", `${cell}, planted`)).not.toBe(key("quick", cell));
  }
});

test("an unknown grid lists those there are", () => {
  expect(() => gridOf("huge")).toThrow(
    'no grid "huge"; there are quick, full, ladder, duplicates, soup',
  );
});

describe("taskKey", () => {
  const config = resolveConfig([{ steps: 5 }]);
  const key = taskKey({ config, ...SAME });

  test("ignores the recipe's name, checkpoint interval and where the start file lies", () => {
    const other = resolveConfig(
      [config as never],
      ["recipe=x", "checkpoint.everySteps=3", "model.init=/elsewhere"],
    );
    expect(taskKey({ config: other, ...SAME })).toBe(key);
  });

  test("takes an unset initial seed for the run's own", () => {
    expect(taskKey({ config: resolveConfig([{ steps: 5 }], ["model.initSeed=0"]), ...SAME })).toBe(
      key,
    );
    expect(
      taskKey({ config: resolveConfig([{ steps: 5 }], ["model.initSeed=1"]), ...SAME }),
    ).not.toBe(key);
  });

  test("changes with data, start, code, seed and any knob", () => {
    const others = [
      taskKey({ config, ...SAME, dataDigest: "e" }),
      taskKey({ config, ...SAME, initDigest: null }),
      taskKey({ config, ...SAME, codeVersion: "2" }),
      taskKey({ config: resolveConfig([{ steps: 5 }], ["seed=1", "model.initSeed=0"]), ...SAME }),
      taskKey({ config: resolveConfig([{ steps: 5 }], ["loss.alpha=9"]), ...SAME }),
    ];
    expect(new Set([key, ...others]).size).toBe(others.length + 1);
  });
});
