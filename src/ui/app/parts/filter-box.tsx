/** @file The search over runs: completes what stands at the caret, and says where a mistake is. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import { valuesQuery } from "../api.ts";
import { completionAt } from "../filter-completion.ts";

const route = getRouteApi("/ui/$experiment/runs");

export function FilterBox(props: {
  text: string;
  /** The server's words; "search, column 9: ..." names a place. */
  problem: string | null;
  known: readonly string[];
  onChange: (text: string) => void;
}) {
  const { experiment } = route.useParams();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(props.text);
  const [told, setTold] = useState(props.text);
  // The address changed, by a link or by going back.
  if (told !== props.text) {
    setTold(props.text);
    setText(props.text);
  }
  const [caret, setCaret] = useState(props.text.length);
  /** Where the caret goes once the chosen option is in the field, before the next key. */
  const moved = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (moved.current === null) return;
    input.current?.setSelectionRange(moved.current, moved.current);
    moved.current = null;
  });
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const { column } = completionAt(text, caret, props.known);
  const { data: values } = useQuery({
    ...valuesQuery(experiment, column ?? ""),
    enabled: open && column !== undefined,
  });
  const { from, to, options } = completionAt(text, caret, props.known, values);
  const listed = open ? options : [];
  const take = (option: string): void => {
    const place = from + option.length + 1;
    setText(`${text.slice(0, from)}${option} ${text.slice(to).trimStart()}`);
    setCaret(place);
    setActive(-1);
    moved.current = place;
  };
  const submit = (): void => {
    setOpen(false);
    if (text.trim() !== props.text) props.onChange(text.trim());
  };
  const press = (event: KeyboardEvent): void => {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (!open) setOpen(true);
      else setActive(step(active, key === "ArrowDown" ? 1 : -1, options.length));
    } else if (key === "Escape" && open) {
      event.preventDefault();
      setOpen(false);
      setActive(-1);
    } else if ((key === "Enter" || key === "Tab") && listed[active] !== undefined) {
      event.preventDefault();
      take(listed[active]);
    }
  };
  const place = /^search, column (\d+): /.exec(props.problem ?? "");
  return (
    <form
      role="search"
      className="filter"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label htmlFor="filter">Filter</label>
      <span className="completed">
        <input
          ref={input}
          id="filter"
          value={text}
          role="combobox"
          autoComplete="off"
          spellCheck={false}
          aria-autocomplete="list"
          aria-expanded={listed.length > 0}
          aria-controls="filter-options"
          aria-activedescendant={listed[active] === undefined ? undefined : `option-${active}`}
          placeholder="status = 'FINISHED' AND params.seed < 3 AND run_name ILIKE '%HW%'"
          aria-invalid={props.problem !== null}
          aria-describedby={props.problem === null ? undefined : "filter-problem"}
          onChange={(event) => {
            setText(event.target.value);
            setCaret(event.target.selectionStart ?? event.target.value.length);
            setOpen(true);
            setActive(-1);
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
          onKeyDown={press}
          onBlur={submit}
        />
        <ul id="filter-options" role="listbox" aria-label="Completions" hidden={!listed.length}>
          {listed.map((option, i) => (
            <li
              key={option}
              id={`option-${i}`}
              role="option"
              aria-selected={i === active}
              // Before the field loses the focus, which would send the filter.
              onPointerDown={(event) => {
                event.preventDefault();
                take(option);
              }}
            >
              {option}
            </li>
          ))}
        </ul>
      </span>
      {props.problem !== null && (
        <p id="filter-problem" role="alert">
          {place
            ? `At character ${place[1]}: ${props.problem.slice(place[0].length)}`
            : props.problem}
        </p>
      )}
    </form>
  );
}

/** Around the list, with the field itself (-1) between the end and the beginning. */
function step(active: number, by: 1 | -1, count: number): number {
  return ((active + 1 + by + (count + 1)) % (count + 1)) - 1;
}
