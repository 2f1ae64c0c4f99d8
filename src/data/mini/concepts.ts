/** @file The emoji concepts that six drawing styles share, with labels, keywords, classes and splits. */
import type { Split } from "../types.ts";
import { splitOf } from "./random.ts";
import { packageFolder, packageJson } from "./sources.ts";
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** A drawing style. Styles of one `designer` are one drawing in several finishes. */
export type Style = {
  readonly id: "noto" | "twemoji" | "openmoji" | "flat" | "mono" | "3d";
  readonly designer: "google" | "twitter" | "openmoji" | "microsoft";
  readonly packageName: string;
  /** What a query calls it: "in the ... style". */
  readonly title: string;
};

export const STYLES: readonly Style[] = [
  { id: "noto", designer: "google", packageName: "@iconify-json/noto", title: "noto" },
  { id: "twemoji", designer: "twitter", packageName: "@iconify-json/twemoji", title: "twitter" },
  {
    id: "flat",
    designer: "microsoft",
    packageName: "@iconify-json/fluent-emoji-flat",
    title: "flat",
  },
  {
    id: "mono",
    designer: "microsoft",
    packageName: "@iconify-json/fluent-emoji-high-contrast",
    title: "black and white",
  },
  { id: "3d", designer: "microsoft", packageName: "@lobehub/fluent-emoji-3d", title: "3D" },
  { id: "openmoji", designer: "openmoji", packageName: "@iconify-json/openmoji", title: "outline" },
];

/** The style kept out of training: the most different drawing, our out-of-domain test. */
export const HELD_OUT_STYLE = "openmoji";
export const SEEN_STYLES = STYLES.filter((style) => style.id !== HELD_OUT_STYLE);

export type Concept = {
  /** Code points in lower-case hex joined by "-", without fe0f. */
  readonly hex: string;
  readonly label: string;
  readonly tags: readonly string[];
  readonly group: string;
  readonly subgroup: string;
  /** Group key of the source, e.g. "animals-nature". */
  readonly groupKey: string;
  readonly family: string;
  readonly split: Split;
  readonly gendered: boolean;
  /** Hex of the five skin-toned variants by tone 1 (light) ... 5 (dark); empty where there are none. */
  readonly tones: readonly string[];
};

type EmojibaseRow = {
  label: string;
  hexcode: string;
  tags?: string[];
  group?: number;
  subgroup?: number;
  gender?: number;
  skins?: { hexcode: string; tone: number | number[] }[];
};
type Messages = Record<"groups" | "subgroups", { key: string; message: string; order: number }[]>;

/** Parts that tell variants of one thing apart: tone, gender sign, hair, direction, joiner. */
const VARIANT_PARTS = new Set(
  "fe0f 200d 1f3fb 1f3fc 1f3fd 1f3fe 1f3ff 2640 2642 1f9b0 1f9b1 1f9b2 1f9b3 27a1 2b05".split(" "),
);

/** Code points that draw one thing as a man, a woman or a person. */
const SAME_THING: Readonly<Record<string, string>> = Object.fromEntries(
  [
    "1f9d1 1f468 1f469", // person
    "1f9d2 1f466 1f467", // child
    "1f9d3 1f474 1f475", // older person
    "1fac5 1f934 1f478", // royalty
    "1f385 1f936", // santa
    "1f57a 1f483", // dancing
    "1f46b 1f46c 1f46d", // two people
    "1f470 1f935", // wedding clothes
  ].flatMap((line) => {
    const parts = line.split(" ");
    return parts.map((part) => [part, parts[0]!]);
  }),
);

/** The join key of every package: lower case, without the emoji presentation selector. */
export function joinKey(hexcode: string): string {
  return hexcode
    .toLowerCase()
    .split("-")
    .filter((part) => part !== "fe0f")
    .join("-");
}

/**
 * Concepts that the first steps of the committed trunk saw under a plural (candles, drum kit; docs/log.md).
 * They are training concepts wherever their hash would put them, so that no held-out one was ever shown.
 */
const SHOWN = new Set([
  "antenna bars",
  "candle",
  "drum",
  "film frames",
  "framed picture",
  "headphone",
  "musical note",
  "satellite antenna",
]);

/** Family of a sequence: "woman pilot" and "man pilot: dark skin tone" fall together. */
export function familyOf(hex: string): string {
  const parts = joinKey(hex)
    .split("-")
    .filter((part) => !VARIANT_PARTS.has(part))
    .map((part) => SAME_THING[part] ?? part);
  return [...new Set(parts)].join("-");
}

/** Hex sequence -> icon name of an Iconify set. */
export function iconNames(style: Pick<Style, "packageName">): ReadonlyMap<string, string> {
  const names = packageJson(style.packageName, "chars.json") as Record<string, string>;
  return new Map(Object.entries(names).map(([hex, name]) => [joinKey(hex), name]));
}

/** Hex sequence -> WebP file of the 3D style. */
export function files3d(): ReadonlyMap<string, string> {
  const folder = join(packageFolder("@lobehub/fluent-emoji-3d"), "assets");
  const files = readdirSync(folder).filter((file) => file.endsWith(".webp"));
  return new Map(files.toSorted().map((file) => [joinKey(file.slice(0, -5)), join(folder, file)]));
}

/** Whether every style of `styles` draws `hex`. */
function drawnBy(styles: readonly Style[]): (hex: string) => boolean {
  const sets = styles.map((style) => (style.id === "3d" ? files3d() : iconNames(style)));
  return (hex) => sets.every((set) => set.has(hex));
}

/** Class names made unique: a message that two classes share falls back to its key. */
function classNames(rows: Messages["groups"]): Map<number, { key: string; name: string }> {
  const seen = new Map<string, number>();
  for (const row of rows) seen.set(row.message, (seen.get(row.message) ?? 0) + 1);
  return new Map(
    rows.map((row) => {
      const name = seen.get(row.message) === 1 ? row.message : row.key.replaceAll("-", " ");
      return [row.order, { key: row.key, name }];
    }),
  );
}

/** Concepts in all six styles, without flags and components, ordered by hex. */
export function readConcepts(): Concept[] {
  const rows = packageJson("emojibase-data", "en/data.json") as EmojibaseRow[];
  const messages = packageJson("emojibase-data", "en/messages.json") as Messages;
  const groups = classNames(messages.groups);
  const subgroups = classNames(messages.subgroups);
  const inAll = drawnBy(STYLES);
  const withTones = drawnBy(STYLES.filter((style) => style.id !== "mono"));
  const concepts: Concept[] = [];
  for (const row of rows) {
    const hex = joinKey(row.hexcode);
    const group = row.group === undefined ? undefined : groups.get(row.group);
    if (!group || group.key === "flags" || group.key === "component" || !inAll(hex)) continue;
    const family = familyOf(hex);
    const toned = (row.skins ?? [])
      .filter((skin) => typeof skin.tone === "number")
      .toSorted((a, b) => Number(a.tone) - Number(b.tone))
      .map((skin) => joinKey(skin.hexcode));
    concepts.push({
      hex,
      label: row.label.toLowerCase(),
      tags: row.tags ?? [],
      group: group.name,
      subgroup: subgroups.get(row.subgroup!)!.name,
      groupKey: group.key,
      family,
      split: SHOWN.has(row.label.toLowerCase()) ? "train" : splitOf("emoji", family),
      gendered: row.gender !== undefined,
      tones: toned.length === 5 && toned.every(withTones) ? toned : [],
    });
  }
  return concepts.toSorted((a, b) => (a.hex < b.hex ? -1 : 1));
}
