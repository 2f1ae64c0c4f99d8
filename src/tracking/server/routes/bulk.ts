/**
 * @file /api/runs/tags and /api/runs/lifecycle: many runs changed by one request, in one transaction.
 * All of a request is done or, with one run at fault, nothing. Each answers with `undo`, the body
 * that takes it back when sent to the same path.
 */
import { NAME_TAG } from "../../records.ts";
import { type Call, type Context, type Route, route } from "../context.ts";
import { invalid } from "../errors.ts";
import { type Fields, shown } from "../fields.ts";
import { runRow } from "../wire.ts";
import { activeExperiment } from "./experiments.ts";
import { MAX_TAG } from "./log.ts";
import { activeRun } from "./run-id.ts";

/** Runs that one request may name: a transaction of some tenths of a second, which others wait for. */
export const MAX_BULK_RUNS = 10_000;
const MAX_TAGS = 100;
/** Listeners are told of single runs up to here, of their experiments beyond. */
const MAX_ANNOUNCED = 100;

/** A tag's value, or null for none. */
type Tags = Readonly<Record<string, string | null>>;
type TagChange = { readonly run_ids: string[]; readonly tags: Tags };

/** Routes under a path of our own: `path` is the whole of it. */
export function bulkRoutes(context: Context): Route[] {
  const { store, connection, write, announce } = context;

  const tell = (runs: ReadonlyMap<string, number>): void => {
    if (runs.size <= MAX_ANNOUNCED) {
      for (const [runId, experimentId] of runs) announce({ kind: "run", experimentId, runId });
    } else {
      for (const experimentId of new Set(runs.values())) {
        announce({ kind: "experiment", experimentId });
      }
    }
  };

  /** Sets and deletes tags of a run; returns what the changed ones were. */
  const changeTags = (runId: string, serial: number, tags: Tags): Tags => {
    const before: [string, string | null][] = [];
    const set: [string, string][] = [];
    const old = connection
      .prepare<[number, string], string>("SELECT value FROM tags WHERE run = ? AND key = ?")
      .pluck();
    for (const [key, value] of Object.entries(tags)) {
      const was = old.get(serial, key) ?? null;
      if (was === value) continue;
      before.push([key, was]);
      if (value !== null) set.push([key, value]);
      else connection.prepare("DELETE FROM tags WHERE run = ? AND key = ?").run(serial, key);
    }
    store.setTags(runId, Object.fromEntries(set));
    return Object.fromEntries(before);
  };

  const setTags = ({ fields }: Call) => {
    const changes = fields
      .objects("changes")
      .map((change) => ({ runIds: idsOf(change), tags: tagsOf(change) }));
    if (changes.length === 0) throw fields.absent("changes");
    checkCount(changes.reduce((sum, { runIds }) => sum + runIds.length, 0));
    return write(() => {
      const changed = new Map<string, number>();
      // Runs whose tags were the same come back as one change. Undone in reverse, should a run be named twice.
      const undo = new Map<string, TagChange>();
      for (const [at, { runIds, tags }] of changes.entries()) {
        for (const id of runIds) {
          const { serial, experiment } = activeRun(context, id);
          const before = changeTags(id, serial, tags);
          if (Object.keys(before).length === 0) continue;
          changed.set(id, experiment);
          const group = `${at} ${JSON.stringify(before)}`;
          const known = undo.get(group);
          if (known) known.run_ids.push(id);
          else undo.set(group, { run_ids: [id], tags: before });
        }
      }
      tell(changed);
      return { runs: changed.size, undo: { changes: [...undo.values()].toReversed() } };
    });
  };

  const setLifecycle = ({ fields }: Call) => {
    const ids = idsOf(fields);
    const lifecycle = fields.choice("lifecycle", ["active", "deleted"] as const);
    if (lifecycle === undefined) throw fields.absent("lifecycle");
    checkCount(ids.length);
    return write(() => {
      const changed = new Map<string, number>();
      for (const id of ids) {
        const row = runRow(connection, id);
        if (row.lifecycle === lifecycle) continue;
        if (lifecycle === "deleted") store.deleteRun(id);
        else {
          activeExperiment(context, String(row.experiment));
          store.restoreRun(id);
        }
        changed.set(id, row.experiment);
      }
      tell(changed);
      const back = lifecycle === "deleted" ? "active" : "deleted";
      return { runs: changed.size, undo: { run_ids: [...changed.keys()], lifecycle: back } };
    });
  };

  return [
    route("POST /api/runs/tags", setTags),
    route("POST /api/runs/lifecycle", setLifecycle, "admin"),
  ];
}

/** Each run once. */
function idsOf(fields: Fields): string[] {
  return [...new Set(fields.texts("run_ids"))];
}

function tagsOf(change: Fields): Tags {
  const raw = change.raw("tags");
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    throw change.wrong("tags", raw, "an object of keys and values");
  }
  const tags = Object.entries(raw as Record<string, unknown>);
  if (tags.length > MAX_TAGS)
    throw invalid(`A change has at most ${MAX_TAGS} tags, got ${tags.length}`);
  for (const [key, value] of tags) {
    if (value !== null && typeof value !== "string") {
      throw change.wrong(`tags.${key}`, value, "a string, or null to delete the tag");
    }
    if (key === NAME_TAG && value === null) {
      throw invalid(`A run keeps its name: tag ${shown(NAME_TAG)} cannot be deleted`);
    }
    if (value !== null && value.length > MAX_TAG) {
      const text = `a string of at most ${MAX_TAG} characters (got ${value.length})`;
      throw change.wrong(`tags.${key}`, value, text);
    }
  }
  return Object.fromEntries(tags) as Tags;
}

function checkCount(runs: number): void {
  if (runs >= 1 && runs <= MAX_BULK_RUNS) return;
  throw invalid(`A bulk request names 1 to ${MAX_BULK_RUNS} runs, got ${runs}; split larger ones`);
}
