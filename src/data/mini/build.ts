/** @file Builds every task of the benchmark in order. */
import type { Split } from "../types.ts";
import { chartTask } from "./chart-page.ts";
import { clockTask } from "./clocks.ts";
import { readConcepts, type Concept } from "./concepts.ts";
import { readCountries } from "./countries.ts";
import { countryTask } from "./country-sheet.ts";
import { dictionaryTask } from "./dictionary.ts";
import { writeRasters, writeTones } from "./emoji-rasters.ts";
import { tonePairs } from "./emoji-edits.ts";
import { emojiTasks } from "./emoji-tasks.ts";
import { motionTasks } from "./motion.ts";
import type { BuiltTask, Output } from "./output.ts";
import { readmeTasks } from "./readme-page.ts";
import type { Readme } from "./readmes.ts";
import { sceneTasks } from "./scenes.ts";
import { makeSprites } from "./sprites.ts";
import { textTasks } from "./text-tasks.ts";
import { readSynsets } from "./wordnet.ts";
import { writingTasks } from "./writing.ts";

export const SPLITS: readonly Split[] = ["train", "dev", "test"];

/** Builds all media under `out.root` and hands over each task as it is done. Returns the concepts in use. */
export async function buildMini(
  out: Output,
  readmes: readonly Readme[],
  emit: (task: BuiltTask) => Promise<void>,
): Promise<readonly Concept[]> {
  const emitAll = async (tasks: readonly BuiltTask[]): Promise<void> => {
    for (const task of tasks) await emit(task);
  };
  const concepts = await writeRasters(out, readConcepts());
  for (const split of SPLITS) {
    const own = concepts.filter((concept) => concept.split === split);
    await writeTones(out, tonePairs(own));
    await emitAll(emojiTasks(concepts, split));
  }
  const sprites = await makeSprites(out, concepts);
  for (const split of SPLITS) {
    await emitAll(await sceneTasks(out, sprites, split));
    await emit(await clockTask(out, split));
    await emitAll(await motionTasks(out, sprites, split));
    await emitAll(await writingTasks(out, split));
  }
  const countries = readCountries();
  const synsets = readSynsets();
  for (const split of SPLITS) {
    await emit(await countryTask(out, countries, split));
    await emit(await chartTask(out, split));
    await emitAll(await readmeTasks(out, readmes, split));
    await emit(await dictionaryTask(out, synsets, split));
    await emitAll(textTasks(concepts, synsets, split));
  }
  return concepts;
}
