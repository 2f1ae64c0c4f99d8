/** @file Which run a request means, and whether it takes records. */
import type { Context } from "../context.ts";
import { invalid, missing } from "../errors.ts";
import type { Fields } from "../fields.ts";

/** `run_uuid` is the old name of `run_id`. */
export function runId(fields: Fields): string {
  return fields.text("run_id") || fields.text("run_uuid") || fields.required("run_id");
}

/** The run, which must take records. */
export function activeRun(
  { connection }: Pick<Context, "connection">,
  id: string,
): { readonly serial: number; readonly experiment: number } {
  const row = connection
    .prepare<[string], { serial: number; experiment: number; lifecycle: string }>(
      "SELECT serial, experiment, lifecycle FROM runs WHERE id = ?",
    )
    .get(id);
  if (!row) throw missing(`Run with id=${id} not found`);
  if (row.lifecycle === "active") return row;
  throw invalid(`The run ${id} must be in the 'active' state. Current state is deleted.`);
}
