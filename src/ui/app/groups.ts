/** @file What a group of runs has on average, as text. */
import type { RunGroup } from "../server/types.ts";
import type { Column } from "./columns.ts";

/** Mean of the runs that have a value, with the sample standard deviation if two have. */
export function meanText({ id, number }: Column, { means }: RunGroup): string {
  const found = means[id];
  if (number === undefined || found === undefined) return "";
  return found.sd === null ? number(found.mean) : `${number(found.mean)} ± ${number(found.sd)}`;
}
