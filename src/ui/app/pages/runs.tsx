/** @file All runs of an experiment: searched, sorted, picked; a hundred thousand rows scroll as ten do. */
import { useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { RunRow } from "../../server/types.ts";
import { runsQuery } from "../api.ts";
import { allColumns, columnOf, firstColumns, runsCsv, sortRuns } from "../columns.ts";
import { FilterError, parseFilter, type RunTest } from "../filter.ts";
import { download } from "../download.ts";
import { groupRuns } from "../groups.ts";
import { BulkActions } from "../parts/bulk-actions.tsx";
import { ColumnPicker } from "../parts/column-picker.tsx";
import { RunsGrid } from "../parts/runs-grid.tsx";
import { runsParquet } from "../runs-parquet.ts";
import { Loaded } from "../parts/states.tsx";

const route = getRouteApi("/ui/$experiment/runs");

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
  const groups = useMemo(
    () => (search.group === undefined ? null : groupRuns(shown, search.group)),
    [shown, search.group],
  );
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
          <button
            type="button"
            onClick={() =>
              void runsParquet(shown, columns).then((bytes) => download("runs.parquet", bytes))
            }
          >
            Parquet
          </button>
          <GroupPicker
            known={known}
            chosen={search.group ?? ""}
            onChange={(group) => change({ group: group === "" ? undefined : group })}
          />
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
      <BulkActions
        picked={runs.filter(({ id }) => picked.has(id))}
        onDone={() => setPicked(new Set())}
      />
      <RunsGrid
        {...{ shown, groups, columns, sort, picked }}
        onSort={(id) => change({ sort: sort === `-${id}` ? id : `-${id}` })}
        onPick={(ids, on) => {
          const next = new Set(picked);
          for (const id of ids) {
            if (on) next.add(id);
            else next.delete(id);
          }
          setPicked(next);
        }}
      />
    </>
  );
}

/** What one configuration's seeds agree on comes first. */
function GroupPicker(props: {
  known: readonly string[];
  chosen: string;
  onChange: (id: string) => void;
}) {
  const usable = props.known.filter((id) => !id.startsWith("metrics.") && id !== "id");
  return (
    <label>
      Group by{" "}
      <select value={props.chosen} onChange={(event) => props.onChange(event.target.value)}>
        <option value="">nothing</option>
        {usable.map((id) => (
          <option key={id}>{id}</option>
        ))}
      </select>
    </label>
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
