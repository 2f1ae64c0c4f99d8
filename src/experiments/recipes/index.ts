/** @file The table of recipes: name -> patches on the defaults, later ones over earlier ones. */
import type { TrainConfigPatch } from "../config.ts";
import { ConfigError } from "../config.ts";
import {
  stage1,
  stage1Finish,
  stage1Lines,
  stage1Objects,
  stage1Reading,
  stage1Text,
} from "./stage1.ts";
import { HEAD_STAGE2, LORA_STAGE2, RZENEMBED } from "./stage2.ts";

export { STAGE1_CHECKPOINT } from "./stage2.ts";

export const RECIPES: Readonly<Record<string, readonly TrainConfigPatch[]>> = {
  "stage1-text": [stage1Text],
  "stage1-objects": [stage1Objects],
  "stage1-reading": [stage1Reading],
  "stage1-lines": [stage1Lines],
  stage1: [stage1],
  "stage1-finish": [stage1Finish],
  baseline: [HEAD_STAGE2, { recipe: "baseline" }],
  rzenembed: [HEAD_STAGE2, RZENEMBED, { recipe: "rzenembed" }],
  "baseline-lora": [LORA_STAGE2, { recipe: "baseline-lora" }],
  "rzenembed-lora": [LORA_STAGE2, RZENEMBED, { recipe: "rzenembed-lora" }],
};

/** The patches of a recipe, or an error that lists those there are. */
export function recipe(name: string): readonly TrainConfigPatch[] {
  const found = Object.hasOwn(RECIPES, name) ? RECIPES[name] : undefined;
  if (found === undefined) {
    throw new ConfigError(`no recipe "${name}"; there are ${Object.keys(RECIPES).join(", ")}`);
  }
  return found;
}
