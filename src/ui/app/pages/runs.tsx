/** @file All runs of an experiment: searched, sorted, picked; a hundred thousand rows scroll as ten do. */
import { useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { RunRow } from "../../server/types.ts";
import { runsQuery } from "../api.ts";
import { allColumns, type Column, columnOf, firstColumns, runsCsv, sortRuns } from "../columns.ts";
import { FilterError, parseFilter, type RunTest } from "../filter.ts";
import { download } from "../download.ts";
import { ColumnPicker } from "../parts/column-picker.tsx";
import { Loaded, Status } from "../parts/states.tsx";

const route = getRouteApi("/ui/$experiment/runs");
const ROW = 34;

export function RunsView() {
  const { experiment } = route.useParams();
  return (
    <Loaded of={useQuery(runsQuery(experiment))}>
      {(runs) => <Page runs={runs} experiment={experiment} />}
    </Loaded>
  );
}

function Page({ runs, experiment }: { runs: readonly RunRow[]; experiment: string }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const known = useMemo(() => allColumns(runs), [runs]);
  const ids = search.columns?.split(",").filter((id) => known.includes(id)) ?? firstColumns(known);
  const columns = ids.map(columnOf);
  const { filter = "", sort = "-startTime" } = search;
  const { test, problem } = useMemo(() => compiled(filter), [filter]);
  const shown = useMemo(() => sortRuns(runs.filter(test), sort), [runs, test, sort]);
  const change = (next: Partial<typeof search>): void =>
    void navigate({ search: { ...search, ...next }, replace: true });
  const chosen = [...picked].join(",");
  return (
    <>
      <header className="title">
        <h1>Runs</h1>
        <span className="exports">
          {picked.size >= 1 && (
            <Link
              to="/ui/$experiment/compare"
              params={{ experiment }}
              search={{ runs: chosen }}
              className="primary"
            >
              Compare {picked.size}
            </Link>
          )}
          <button type="button" onClick={() => download("runs.csv", runsCsv(shown, columns))}>
            CSV
          </button>
          <button
            type="button"
            onClick={() => download("runs.json", JSON.stringify(shown, null, 1))}
          >
            JSON
          </button>
          <ColumnPicker
            known={known}
            chosen={ids}
            onChange={(next) => change({ columns: next.join(",") })}
          />
        </span>
      </header>
      <Filter
        key={filter}
        text={filter}
        problem={problem}
        known={known}
        onChange={(text) => change({ filter: text })}
      />
      <p className="count" role="status">
        {shown.length.toLocaleString()} of {runs.length.toLocaleString()} runs
      </p>
      <Rows
        {...{ shown, columns, sort, picked }}
        onSort={(id) => change({ sort: sort === `-${id}` ? id : `-${id}` })}
        onPick={(id) => {
          const next = new Set(picked);
          if (!next.delete(id)) next.add(id);
          setPicked(next);
        }}
      />
    </>
  );
}

function compiled(text: string): { test: RunTest; problem: FilterError | null } {
  try {
    return { test: parseFilter(text), problem: null };
  } catch (error) {
    if (error instanceof FilterError) return { test: () => true, problem: error };
    throw error;
  }
}

function Filter(props: {
  text: string;
  problem: FilterError | null;
  known: readonly string[];
  onChange: (text: string) => void;
}) {
  const [text, setText] = useState(props.text);
  return (
    <form
      role="search"
      className="filter"
      onSubmit={(event) => {
        event.preventDefault();
        props.onChange(text);
      }}
    >
      <label htmlFor="filter">Filter</label>
      <input
        id="filter"
        value={text}
        list="fields"
        placeholder='status = FINISHED and params.seed < 3 and name ~ "HW"'
        aria-invalid={props.problem !== null}
        aria-describedby={props.problem ? "filter-problem" : undefined}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => text !== props.text && props.onChange(text)}
      />
      <datalist id="fields">
        {props.known.map((id) => (
          <option key={id} value={`${id} = `} />
        ))}
      </datalist>
      {props.problem && (
        <p id="filter-problem" role="alert">
          At character {props.problem.position + 1}: {props.problem.message}
        </p>
      )}
    </form>
  );
}

function Rows({
  shown,
  columns,
  sort,
  picked,
  onSort,
  onPick,
}: {
  shown: readonly RunRow[];
  columns: readonly Column[];
  sort: string;
  picked: ReadonlySet<string>;
  onSort: (id: string) => void;
  onPick: (id: string) => void;
}) {
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const template = `34px ${columns.map(({ id }) => (id === "name" ? "260px" : id === "startTime" ? "180px" : "138px")).join(" ")}`;
  return (
    <div
      ref={scroll}
      className="grid"
      role="table"
      aria-rowcount={shown.length + 1}
      aria-label="Runs"
      tabIndex={0}
    >
      <div className="grid-head" role="row" style={{ gridTemplateColumns: template }}>
        <span role="columnheader">
          <span className="hidden">picked</span>
        </span>
        {columns.map(({ id, label, numeric }) => (
          <span
            key={id}
            role="columnheader"
            className={numeric ? "number" : ""}
            aria-sort={sort === id ? "ascending" : sort === `-${id}` ? "descending" : "none"}
          >
            <button type="button" onClick={() => onSort(id)} title={id}>
              {label}
              <span aria-hidden>{sort === id ? " ▲" : sort === `-${id}` ? " ▼" : ""}</span>
            </button>
          </span>
        ))}
      </div>
      <div role="rowgroup" style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const run = shown[index]!;
          return (
            <div
              key={run.id}
              role="row"
              aria-rowindex={index + 2}
              className={`grid-row${picked.has(run.id) ? " picked" : ""}`}
              style={{
                transform: `translateY(${start}px)`,
                gridTemplateColumns: template,
                height: ROW,
              }}
            >
              <span role="cell">
                <input
                  type="checkbox"
                  checked={picked.has(run.id)}
                  aria-label={`pick ${run.name}`}
                  onChange={() => onPick(run.id)}
                />
              </span>
              {columns.map((column) => (
                <span
                  key={column.id}
                  role="cell"
                  className={column.numeric ? "number" : ""}
                  title={column.text(run)}
                >
                  <Shown run={run} column={column} />
                </span>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Shown({ run, column }: { run: RunRow; column: Column }) {
  if (column.id === "status") return <Status status={run.status} />;
  if (column.id !== "name") return column.text(run);
  return (
    <Link to="/ui/run/$id" params={{ id: run.id }}>
      {run.name}
    </Link>
  );
}
