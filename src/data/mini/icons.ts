/** @file More drawings to learn from: named icons and further emoji sets. Training only. */
import { iconNames, type Concept } from "./concepts.ts";
import { iconDrawing, openIconSet, writeRaster } from "./emoji-rasters.ts";
import type { BuiltTask, Output } from "./output.ts";
import { EMOJI_PACKAGES, ICON_PACKAGES, packageJson } from "./sources.ts";
import { TaskBuilder } from "./task-builder.ts";

/** A longer name describes an interface, not a thing: "design file text image". */
const MAX_WORDS = 3;

/** "parrot-head" -> "parrot head", "man-15" -> "man". */
export function iconLabel(name: string): string {
  return name
    .split("-")
    .filter((word) => !/^\d+$/.test(word) && word !== "alt")
    .join(" ");
}

/** Words by which a text is compared: plurals fall together with their singulars. */
function stems(text: string): string[] {
  return (text.toLowerCase().match(/\p{L}+/gu) ?? []).map((word) =>
    word.length > 3 && !word.endsWith("ss") ? word.replace(/(?:es|s|e)$/, "") : word,
  );
}

/**
 * Whether a name may be trained on: it has no word that only held-out concepts have in their labels,
 * and doesn't name one of them whole.
 */
export function unseenNames(concepts: readonly Concept[]): (name: string) => boolean {
  const heldOut = concepts.filter(({ split }) => split !== "train");
  const trained = new Set(
    concepts.filter(({ split }) => split === "train").flatMap(({ label }) => stems(label)),
  );
  const banned = new Set(
    heldOut.flatMap(({ label }) => stems(label)).filter((stem) => !trained.has(stem)),
  );
  const whole = new Set(heldOut.map(({ label }) => stems(label).join(" ")));
  return (name) => {
    const words = stems(name);
    return !words.some((word) => banned.has(word)) && !whole.has(words.join(" "));
  };
}

type Icon = { readonly packageName: string; readonly icon: string; readonly label: string };

/** Every icon to draw: named ones that give no held-out concept away, emoji of training concepts. */
export function chosenIcons(concepts: readonly Concept[]): Icon[] {
  const allowed = unseenNames(concepts);
  const named = ICON_PACKAGES.flatMap((packageName) => {
    const { icons } = packageJson(packageName, "icons.json") as { icons: Record<string, unknown> };
    return Object.keys(icons)
      .toSorted()
      .map((icon) => ({ packageName, icon, label: iconLabel(icon) }))
      .filter(
        ({ label }) => label !== "" && label.split(" ").length <= MAX_WORDS && allowed(label),
      );
  });
  const trained = concepts.filter(({ split }) => split === "train");
  const emoji = EMOJI_PACKAGES.flatMap((packageName) => {
    const names = iconNames({ packageName });
    return trained.flatMap(({ hex, label }) => {
      const icon = names.get(hex);
      return icon === undefined ? [] : [{ packageName, icon, label }];
    });
  });
  return [...named, ...emoji];
}

/** Name -> drawing. Two drawings of one name are false negatives of one another. */
export async function iconTask(out: Output, concepts: readonly Concept[]): Promise<BuiltTask> {
  const sets = new Map(
    [...ICON_PACKAGES, ...EMOJI_PACKAGES].map((name) => [name as string, openIconSet(name)]),
  );
  const icons = chosenIcons(concepts);
  const paths = await out.each("icons", icons, async ({ packageName, icon }) => {
    const path = `media/icon/${packageName.replace(/^.*\//, "")}/${icon}.png`;
    await writeRaster(out, iconDrawing(sets.get(packageName)!, icon)!, path);
    return path;
  });
  const task = new TaskBuilder("name-to-icon", "train");
  for (const [i, { label }] of icons.entries()) {
    const id = paths[i]!;
    task
      .candidate(id, { image: id }, label)
      .query({ id, item: { text: label }, positives: id, label });
  }
  return task.build();
}
