import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { RECIPES, recipe, resolveConfig } from "../../../src/experiments/index.ts";
import { flatten } from "../../../src/experiments/record.ts";
import { resumeCommand, settingsOf, trainCommand } from "../../../src/ui/app/command.ts";

const paramsOf = (config: object): Record<string, string> =>
  Object.fromEntries(Object.entries(flatten(config)).map(([key, value]) => [key, String(value)]));

test.each(Object.keys(RECIPES))("the settings of %s give its config again", (name) => {
  const config = resolveConfig(recipe(name));
  const again = resolveConfig(recipe("baseline"), settingsOf(paramsOf(config)));
  expect({ ...again, recipe: name }).toEqual({ ...config, recipe: name });
});

test("a changed setting replaces the recorded one", () => {
  const settings = settingsOf({ recipe: "stage2", seed: "0", steps: "5" }, { seed: "8" });
  expect(settings).toEqual(["seed=8", "steps=5"]);
});

test("a shell reads the words that were meant", () => {
  const command = trainCommand({ a: "it's $HOME", b: '["x","y"]', c: "1e-3" });
  const words = execFileSync("/bin/sh", ["-c", `printf '%s\\n' ${command}`], { encoding: "utf8" });
  expect(words.split("\n").slice(4, -1)).toEqual(["a=it's $HOME", 'b=["x","y"]', "c=1e-3"]);
});

test("a run is gone on with by its id", () => {
  expect(resumeCommand("a1")).toBe("npx rzenlab resume a1");
});
