/** @file Which notebook and cell a run came from, as tags. */
import { env } from "node:process";
import { host } from "./host.ts";

export const ORIGIN_TAGS = {
  path: "rzenlab.notebook.path",
  cell: "rzenlab.notebook.cell",
  execution: "rzenlab.notebook.execution",
} as const;

/**
 * Tags that name the calling cell, as far as the host knows it. Jupyter's server puts the notebook's
 * path into JPY_SESSION_NAME, `rzenlab notebook run` into RZENLAB_NOTEBOOK.
 */
export function originTags(): Record<string, string> {
  const { executionCount, cellId } = host();
  const known = {
    [ORIGIN_TAGS.path]: env["RZENLAB_NOTEBOOK"] ?? env["JPY_SESSION_NAME"],
    [ORIGIN_TAGS.cell]: cellId,
    [ORIGIN_TAGS.execution]: executionCount?.toString(),
  };
  const named = Object.entries(known).filter((entry): entry is [string, string] => !!entry[1]);
  return Object.fromEntries(named);
}
