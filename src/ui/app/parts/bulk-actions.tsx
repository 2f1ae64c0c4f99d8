/** @file What is done to all picked runs at once, and undone at once. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Popover } from "radix-ui";
import { useState } from "react";
import type { RunRow } from "../../server/types.ts";
import { deleteRun, deleteTag, pickedRows, restoreRun, setTag } from "../api.ts";
import { Problem } from "./states.tsx";

/** Requests under way at once. */
const LANES = 6;

type Change = {
  /** "Deleted" with the runs it was done to. */
  readonly done: (runs: string) => string;
  readonly apply: (run: RunRow) => Promise<void>;
  readonly revert: (run: RunRow) => Promise<void>;
  /** Whose value a run has to be known by to be undone. */
  readonly columns: readonly string[];
};

type Done = Change & { readonly runs: readonly RunRow[] };

export function BulkActions({
  experiment,
  picked,
  deleted,
  onDone,
}: {
  experiment: string;
  /** Serial numbers. */
  picked: ReadonlySet<number>;
  /** Whether these are deleted runs, which can only be restored. */
  deleted: boolean;
  /** Called when the runs are changed and before they are fetched again. */
  onDone: () => void;
}) {
  const cache = useQueryClient();
  const refetch = (): Promise<void> => cache.invalidateQueries({ queryKey: ["runs"] });
  const [last, setLast] = useState<Done | null>(null);
  const change = useMutation({
    mutationFn: async (wanted: Change) =>
      eachOf(await pickedRows(experiment, [...picked], wanted.columns, deleted), wanted.apply),
    // What was changed before a failure can be undone, too.
    onSuccess: ({ changed }, wanted) => {
      setLast(changed.length === 0 ? null : { ...wanted, runs: changed });
      onDone();
    },
    onSettled: refetch,
  });
  const undo = useMutation({
    mutationFn: (wanted: Done) => eachOf(wanted.runs, wanted.revert),
    onSuccess: ({ failure }) => failure === null && setLast(null),
    onSettled: refetch,
  });
  const busy = change.isPending || undo.isPending;
  const count = picked.size;
  return (
    <div className="bulk">
      {count > 0 && (
        <p className="choices" role="group" aria-label="picked runs">
          <span>{runsText(count)} picked</span>
          {deleted ? (
            <button type="button" disabled={busy} onClick={() => change.mutate(RESTORING)}>
              Restore
            </button>
          ) : (
            <>
              <TagForm disabled={busy} onTag={(key, value) => change.mutate(tagging(key, value))} />
              <button type="button" disabled={busy} onClick={() => change.mutate(DELETING)}>
                Delete
              </button>
            </>
          )}
        </p>
      )}
      {last && (
        <p className="choices" role="status">
          <span>{last.done(runsText(last.runs.length))}.</span>
          <button type="button" disabled={busy} onClick={() => undo.mutate(last)}>
            Undo
          </button>
        </p>
      )}
      {change.error && <Problem message={`Nothing was changed: ${change.error.message}`} />}
      {change.data?.failure && (
        <Problem
          message={`${change.data.changed.length} of ${runsText(change.data.of)} changed: ${change.data.failure}`}
        />
      )}
      {undo.data?.failure && <Problem message={`Not all was undone: ${undo.data.failure}`} />}
    </div>
  );
}

function runsText(count: number): string {
  return count === 1 ? "1 run" : `${count.toLocaleString()} runs`;
}

const DELETING: Change = {
  done: (runs) => `Deleted ${runs}`,
  apply: ({ id }) => deleteRun(id),
  revert: ({ id }) => restoreRun(id),
  columns: [],
};
const RESTORING: Change = {
  done: (runs) => `Restored ${runs}`,
  apply: DELETING.revert,
  revert: DELETING.apply,
  columns: [],
};

/** Undone, each run has the value it had, or none. */
function tagging(key: string, value: string): Change {
  return {
    done: (changed) => `Tagged ${changed} with ${key} = ${value}`,
    apply: ({ id }) => setTag(id, key, value),
    revert: ({ id, tags }) =>
      tags[key] === undefined ? deleteTag(id, key) : setTag(id, key, tags[key]),
    columns: [`tags.${key}`],
  };
}

type Outcome = {
  readonly changed: readonly RunRow[];
  readonly of: number;
  /** The first; all runs are tried. */
  readonly failure: string | null;
};

/** A few at once. */
async function eachOf(
  runs: readonly RunRow[],
  work: (run: RunRow) => Promise<void>,
): Promise<Outcome> {
  let next = 0;
  const changed: RunRow[] = [];
  const failures: string[] = [];
  const lane = async (): Promise<void> => {
    for (let i = next++; i < runs.length; i = next++) {
      try {
        await work(runs[i]!);
        changed.push(runs[i]!);
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { changed, of: runs.length, failure: failures[0] ?? null };
}

function TagForm({
  disabled,
  onTag,
}: {
  disabled: boolean;
  onTag: (key: string, value: string) => void;
}) {
  const [open, setOpen] = useState(false);
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger type="button" disabled={disabled}>
        Tag
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover" aria-label="Tag the picked runs">
          <form
            className="tagging"
            onSubmit={(event) => {
              event.preventDefault();
              const form = new FormData(event.currentTarget);
              onTag((form.get("key") as string).trim(), form.get("value") as string);
              setOpen(false);
            }}
          >
            <label>
              Name <input name="key" required maxLength={250} pattern=".*\S.*" />
            </label>
            <label>
              Value <input name="value" />
            </label>
            <button type="submit">Tag them</button>
          </form>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
