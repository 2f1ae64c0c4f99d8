/** @file What is done to all picked runs at once, and undone at once. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Popover } from "radix-ui";
import { useState } from "react";
import {
  bulk,
  type BulkOutcome,
  type BulkRequest,
  deleteRuns,
  pickedIds,
  restoreRuns,
  tagRuns,
} from "../api.ts";
import { Problem } from "./states.tsx";

type Change = {
  /** "Deleted" with the runs it was done to. */
  readonly done: (runs: string) => string;
  readonly apply: (ids: readonly string[]) => Promise<BulkOutcome>;
};
type Done = { readonly text: string; readonly undo: readonly BulkRequest[] };

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
    mutationFn: async ({ apply }: Change) =>
      apply(await pickedIds(experiment, [...picked], deleted ? "deleted" : "active")),
    // What was changed before a failure can be undone, too.
    onSuccess: ({ runs, undo }, { done }) => {
      setLast(runs === 0 ? null : { text: done(runsText(runs)), undo });
      if (runs > 0) onDone();
    },
    onSettled: refetch,
  });
  const undo = useMutation({
    mutationFn: (wanted: Done) => bulk(wanted.undo),
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
          <span>{last.text}.</span>
          <button type="button" disabled={busy} onClick={() => undo.mutate(last)}>
            Undo
          </button>
        </p>
      )}
      {change.error && <Problem message={`Nothing was changed: ${change.error.message}`} />}
      {change.data?.failure && (
        <Problem message={`${runsText(change.data.runs)} changed: ${change.data.failure}`} />
      )}
      {undo.data?.failure && <Problem message={`Not all was undone: ${undo.data.failure}`} />}
    </div>
  );
}

function runsText(count: number): string {
  return count === 1 ? "1 run" : `${count.toLocaleString()} runs`;
}

const DELETING: Change = { done: (runs) => `Deleted ${runs}`, apply: deleteRuns };
const RESTORING: Change = { done: (runs) => `Restored ${runs}`, apply: restoreRuns };

function tagging(key: string, value: string): Change {
  return {
    done: (runs) => `Tagged ${runs} with ${key} = ${value}`,
    apply: (ids) => tagRuns(ids, key, value),
  };
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
