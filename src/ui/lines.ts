/** @file Which runs share a line: replicates of a configuration, or all that have a setting in common. */
import type { RunRow } from "./server/types.ts";

/** Settings that tell replicates apart, not configurations. */
const REPLICATE = new Set(["seed", "model.initSeed"]);
/** More lines than this can't be told apart. */
export const MOST_LINES = 24;
/** In place of a setting: a line for each configuration; one line for all. */
export const CONFIGURATION = "configuration";
export const ALL = "all";

export type Line = { readonly name: string; readonly runs: readonly RunRow[] };

/** Runs whose settings differ by the seed alone are one configuration, named by the first of them. */
export function configurations(runs: readonly RunRow[]): Line[] {
  const settings = ({ params }: RunRow): string =>
    JSON.stringify(
      Object.entries(params)
        .filter(([key]) => !REPLICATE.has(key))
        .sort(([a], [b]) => a.localeCompare(b)),
    );
  const names = new Set<string>();
  return [...Map.groupBy(runs, settings).values()].map((members) => {
    const { id, name: own, params } = members[0]!;
    const wanted = params["recipe"]?.replace(/^\w+: /, "") ?? own;
    const name = names.has(wanted) ? `${wanted} (${id.slice(0, 6)})` : wanted;
    names.add(name);
    return { name, runs: members };
  });
}

/** Settings of which a line for each value can be drawn, those with the fewest values first. */
export function lineSettings(runs: readonly RunRow[]): string[] {
  const keys = new Set(runs.flatMap(({ params }) => Object.keys(params)));
  return [...keys]
    .map((key) => ({ key, count: new Set(runs.map(({ params }) => params[key])).size }))
    .filter(({ count }) => count > 1 && count <= MOST_LINES)
    .sort((a, b) => a.count - b.count || a.key.localeCompare(b.key))
    .map(({ key }) => key);
}

/** What is drawn unless another is asked for: configurations if they can be told apart. */
export function usualLines(runs: readonly RunRow[]): string {
  if (configurations(runs).length <= MOST_LINES) return CONFIGURATION;
  return lineSettings(runs).find((key) => !REPLICATE.has(key)) ?? ALL;
}

export function linesBy(runs: readonly RunRow[], by: string): Line[] {
  if (by === CONFIGURATION) return configurations(runs);
  if (by === ALL) return [{ name: "all", runs }];
  const groups = Map.groupBy(runs, ({ params }) => params[by] ?? "–");
  return [...groups]
    .sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }))
    .map(([value, members]) => ({ name: `${by} = ${value}`, runs: members }));
}
