/** @file Which columns a table shows, in which order, and which of them stay at the left. */
import { ArrowDown, ArrowUp, Pin } from "lucide-react";
import { Popover } from "radix-ui";
import { useState } from "react";

export function ColumnPicker({
  known,
  chosen,
  pinned,
  onChange,
}: {
  known: readonly string[];
  /** As they stand, the pinned ones first. */
  chosen: readonly string[];
  pinned: readonly string[];
  onChange: (chosen: string[], pinned: string[]) => void;
}) {
  const [text, setText] = useState("");
  const holds = (id: string): boolean => id.toLowerCase().includes(text.toLowerCase());
  const others = known.filter((id) => !chosen.includes(id) && holds(id));
  /** Past a neighbour of the same kind: pinned columns stay before the others. */
  const move = (id: string, by: 1 | -1): void => {
    const isPinned = pinned.includes(id);
    const kind = isPinned ? [...pinned] : chosen.filter((one) => !pinned.includes(one));
    const at = kind.indexOf(id);
    [kind[at], kind[at + by]] = [kind[at + by]!, kind[at]!];
    const rest = chosen.filter((one) => pinned.includes(one) !== isPinned);
    onChange(isPinned ? [...kind, ...rest] : [...rest, ...kind], isPinned ? kind : [...pinned]);
  };
  const canMove = (id: string, by: 1 | -1): boolean => {
    const next = chosen[chosen.indexOf(id) + by];
    return next !== undefined && pinned.includes(next) === pinned.includes(id);
  };
  const without = (ids: readonly string[], id: string): string[] => ids.filter((one) => one !== id);
  return (
    <Popover.Root>
      <Popover.Trigger type="button">Columns</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover columns" align="end" aria-label="Columns">
          <input
            type="search"
            placeholder="find a column"
            aria-label="find a column"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <ul aria-label="Shown">
            {chosen.filter(holds).map((id) => (
              <li key={id}>
                <label>
                  <input
                    type="checkbox"
                    checked
                    onChange={() => onChange(without(chosen, id), without(pinned, id))}
                  />
                  {id}
                </label>
                <button
                  type="button"
                  aria-label={`pin ${id}`}
                  aria-pressed={pinned.includes(id)}
                  onClick={() =>
                    onChange(
                      [...chosen],
                      pinned.includes(id) ? without(pinned, id) : [...pinned, id],
                    )
                  }
                >
                  <Pin aria-hidden size={14} />
                </button>
                <button
                  type="button"
                  aria-label={`${id} further left`}
                  disabled={!canMove(id, -1)}
                  onClick={() => move(id, -1)}
                >
                  <ArrowUp aria-hidden size={14} />
                </button>
                <button
                  type="button"
                  aria-label={`${id} further right`}
                  disabled={!canMove(id, 1)}
                  onClick={() => move(id, 1)}
                >
                  <ArrowDown aria-hidden size={14} />
                </button>
              </li>
            ))}
          </ul>
          <ul aria-label="Not shown">
            {others.slice(0, MOST_LISTED).map((id) => (
              <li key={id}>
                <label>
                  <input
                    type="checkbox"
                    checked={false}
                    onChange={() => onChange([...chosen, id], [...pinned])}
                  />
                  {id}
                </label>
              </li>
            ))}
          </ul>
          {others.length > MOST_LISTED && (
            <p className="note">
              {(others.length - MOST_LISTED).toLocaleString()} more: type a part of a name.
            </p>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/** An experiment may have thousands of columns. */
const MOST_LISTED = 200;
