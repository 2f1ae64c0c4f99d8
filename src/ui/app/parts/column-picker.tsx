/** @file Which columns a table shows. */
import { Popover } from "radix-ui";
import { useState } from "react";

export function ColumnPicker({
  known,
  chosen,
  onChange,
}: {
  known: readonly string[];
  chosen: readonly string[];
  onChange: (ids: string[]) => void;
}) {
  const [text, setText] = useState("");
  const listed = known.filter((id) => id.toLowerCase().includes(text.toLowerCase()));
  return (
    <Popover.Root>
      <Popover.Trigger type="button">Columns</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover" align="end" aria-label="Columns">
          <input
            type="search"
            placeholder="find a column"
            aria-label="find a column"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <ul>
            {listed.map((id) => (
              <li key={id}>
                <label>
                  <input
                    type="checkbox"
                    checked={chosen.includes(id)}
                    onChange={() =>
                      onChange(
                        chosen.includes(id) ? chosen.filter((c) => c !== id) : [...chosen, id],
                      )
                    }
                  />
                  {id}
                </label>
              </li>
            ))}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
