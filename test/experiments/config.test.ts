import { describe, expect, test } from "vitest";
import { configKeys, resolveConfig } from "../../src/experiments/config.ts";
import { RECIPES, recipe } from "../../src/experiments/recipes/index.ts";

describe("resolveConfig", () => {
  test("overrides win over the recipe, the recipe over the defaults", () => {
    const config = resolveConfig([{ steps: 7, batchSize: 8 }], ["batchSize=16", "loss.alpha=9"]);
    expect(config.steps).toBe(7);
    expect(config.batchSize).toBe(16);
    expect(config.loss.alpha).toBe(9);
    expect(config.loss.delta).toBeNull();
  });

  test("an unknown key fails and names the nearest one", () => {
    expect(() => resolveConfig([], ["batchsize=8"])).toThrow(
      'unknown config key "batchsize"; did you mean "batchSize"?',
    );
    expect(() => resolveConfig([], ["loss.alhpa=9"])).toThrow('did you mean "loss.alpha"?');
    expect(() => resolveConfig([{ loss: { alhpa: 9 } as never }])).toThrow(
      'unknown config key "loss.alhpa"; did you mean "loss.alpha"?',
    );
  });

  test("an override without = says what one looks like", () => {
    expect(() => resolveConfig([], ["steps"])).toThrow('override "steps": expected key=value');
  });

  test("a wrong value names its key", () => {
    expect(() => resolveConfig([], ["steps=0"])).toThrow("steps: Too small");
    expect(() => resolveConfig([], ["loss.alpha=high"])).toThrow(
      "loss.alpha: Invalid input: expected number",
    );
  });

  test("a new adapter kind drops the old kind's keys", () => {
    const config = resolveConfig(
      [{ model: { adapter: { kind: "head", hidden: 4 } } }],
      ["model.adapter.kind=lora"],
    );
    expect(config.model.adapter).toEqual({ kind: "lora", rank: 8, alpha: 16, targets: ["."] });
  });

  test("a key of another adapter does not belong", () => {
    expect(() =>
      resolveConfig([{ model: { adapter: { kind: "head" } } }], ["model.adapter.rank=4"]),
    ).toThrow("model.adapter.rank does not belong here");
  });

  test("lists and names with dots in records come through overrides", () => {
    const config = resolveConfig([], ['sampler.tasks=["label*"]', "sampler.weights.label2image=2"]);
    expect(config.sampler.tasks).toEqual(["label*"]);
    expect(config.sampler.weights).toEqual({ label2image: 2 });
  });

  test("is frozen to the bottom and survives JSON", () => {
    const config = resolveConfig([{ loss: { delta: 0.95 } }]);
    expect(() => Object.assign(config.loss.temperature, { init: 1 })).toThrow("read only");
    expect(resolveConfig([JSON.parse(JSON.stringify(config))])).toEqual(config);
  });

  test("a temperature outside its clamp is refused", () => {
    expect(() => resolveConfig([], ["loss.temperature.init=2"])).toThrow(
      "loss.temperature: expected min <= init <= max, got 0.01, 2, 1",
    );
  });

  test("a published loss keeps its own knobs", () => {
    expect(() => resolveConfig([], ["loss.kind=llave", "loss.alpha=3"])).toThrow(
      "loss.kind: llave fixes alpha, delta and symmetric; expected 0, null and false, got 3, null and false",
    );
  });

  test("a head can't augment pixels it never sees", () => {
    expect(() =>
      resolveConfig([{ model: { adapter: { kind: "head" } }, augment: "by-task" }]),
    ).toThrow(
      "augment: a head reads cached features and sees no pixels; expected none, got by-task",
    );
  });

  test("a head can't mix prompts it has no features of", () => {
    expect(() =>
      resolveConfig([{ model: { adapter: { kind: "head" }, mixPrompts: true } }]),
    ).toThrow("model.mixPrompts: a head reads features of one prompt; expected false, got true");
  });

  test("every key is listed once", () => {
    const keys = configKeys();
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toContain("loss.temperature.learningRateScale");
    expect(keys).toContain("sampler.weights.*");
  });
});

describe("recipes", () => {
  test.each(Object.keys(RECIPES))("%s resolves and keeps its name", (name) => {
    expect(resolveConfig(recipe(name)).recipe).toBe(name);
  });

  test("an unknown one lists those there are", () => {
    expect(() => recipe("stage3")).toThrow(
      'no recipe "stage3"; there are stage1-text, stage1-objects, stage1-reading, stage1-lines, stage1, stage1-finish, baseline',
    );
  });
});
