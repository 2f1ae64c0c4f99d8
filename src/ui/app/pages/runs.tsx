/** @file All runs of an experiment: searched, sorted, picked; a hundred thousand rows scroll as ten do. */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { encodeRuns } from "../../run-code.ts";
import type { RunChoice } from "../../server/types.ts";
import { columnsQuery, runPageQuery, runsPath, serialsQuery } from "../api.ts";
import { columnOf, firstColumns } from "../columns.ts";
import { BulkActions } from "../parts/bulk-actions.tsx";
import { ColumnPicker } from "../parts/column-picker.tsx";
import { FilterBox } from "../parts/filter-box.tsx";
import { RunsGrid } from "../parts/runs-grid.tsx";
import { Loaded } from "../parts/states.tsx";

const route = getRouteApi("/ui/$experiment/runs");

export function RunsView() {
  const { experiment } = route.useParams();
  return (
    <Loaded of={useQuery(columnsQuery(experiment))}>
      {(known) => <Page known={known} experiment={experiment} />}
    </Loaded>
  );
}

function Page({ known, experiment }: { known: readonly string[]; experiment: string }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const cache = useQueryClient();
  const [picked, setPicked] = useState<ReadonlySet<number>>(new Set());
  const ids = search.columns?.split(",").filter((id) => known.includes(id)) ?? firstColumns(known);
  const pins = (search.pinned ?? "name").split(",").filter((id) => ids.includes(id));
  const ordered = [...pins, ...ids.filter((id) => !pins.includes(id))];
  const columns = useMemo(() => ordered.map(columnOf), [ordered.join(",")]);
  const { filter = "", sort = "-startTime", group, lifecycle } = search;
  const choice: RunChoice = { filter, sort, group, lifecycle };
  const head = useQuery({
    ...runPageQuery(experiment, choice, ordered, 0),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const everyone = useQuery({
    ...serialsQuery(experiment, choice),
    enabled: picked.size > 0 || group !== undefined,
  });
  const change = (next: Partial<typeof search>): void =>
    void navigate({ search: { ...search, ...next }, replace: true });
  const pick = (serials: readonly number[], on: boolean): void => {
    const next = new Set(picked);
    for (const serial of serials) {
      if (on) next.add(serial);
      else next.delete(serial);
    }
    setPicked(next);
  };
  const table = head.error ? undefined : head.data;
  return (
    <>
      <header className="title">
        <h1>{lifecycle ? "Deleted runs" : "Runs"}</h1>
        <span className="exports">
          {picked.size >= 1 && !lifecycle && (
            <CompareLink
              experiment={experiment}
              picked={picked}
              filter={picked.size === table?.total ? filter : ""}
            />
          )}
          <Link
            to="/ui/$experiment/runs"
            params={{ experiment }}
            search={lifecycle ? {} : { lifecycle: "deleted" }}
          >
            {lifecycle ? "Runs that are there" : "Deleted runs"}
          </Link>
          <Exports experiment={experiment} choice={choice} columns={ordered} />
          <GroupPicker
            known={known}
            chosen={group ?? ""}
            onChange={(id) => change({ group: id === "" ? undefined : id })}
          />
          <ColumnPicker
            known={known}
            chosen={ordered}
            pinned={pins}
            onChange={(next, pinned) =>
              change({ columns: next.join(","), pinned: pinned.join(",") || "none" })
            }
          />
        </span>
      </header>
      <FilterBox
        text={filter}
        problem={head.error?.message ?? null}
        known={known}
        onChange={(text) => change({ filter: text })}
      />
      {table && (
        <>
          <p className="count" role="status">
            {table.total.toLocaleString()} of {table.of.toLocaleString()} {lifecycle && "deleted "}
            runs
          </p>
          {lifecycle && (
            <p className="note">
              Nothing of them is lost until <code>rzenlab store gc</code> takes them out for ever.
            </p>
          )}
          <BulkActions
            experiment={experiment}
            picked={picked}
            deleted={lifecycle !== undefined}
            onDone={() => setPicked(new Set())}
          />
          <RunsGrid
            {...{ experiment, choice, columns, sort, picked }}
            total={table.total}
            groups={table.groups}
            pinned={pins.length}
            serials={everyone.data}
            onSort={(id) => change({ sort: sort === `-${id}` ? id : `-${id}` })}
            onPick={pick}
            onPickRange={(from, to) => {
              void cache.fetchQuery(serialsQuery(experiment, choice)).then((serials) => {
                const own = serials.slice(from, to);
                pick(own, !own.every((serial) => picked.has(serial)));
              });
            }}
          />
        </>
      )}
    </>
  );
}

/** Beyond, servers and proxies refuse an address. */
const LONGEST_CODE = 6_000;

/** By the filter if it lets these runs through and no others. */
function CompareLink(props: { experiment: string; picked: ReadonlySet<number>; filter: string }) {
  const { experiment, picked, filter } = props;
  const text = `Compare ${picked.size.toLocaleString()}`;
  const runs = useMemo(() => (filter === "" ? encodeRuns([...picked]) : ""), [filter, picked]);
  if (runs.length > LONGEST_CODE) {
    return (
      <button
        type="button"
        aria-disabled
        title="These runs are too many to name one by one in an address: find a filter that lets them through, and pick all shown."
      >
        {text}
      </button>
    );
  }
  return (
    <Link
      to="/ui/$experiment/compare"
      params={{ experiment }}
      search={filter === "" ? { runs } : { filter }}
      className="primary"
    >
      {text}
    </Link>
  );
}

/** What is shown, all of it, as files that the server writes. */
function Exports(props: { experiment: string; choice: RunChoice; columns: readonly string[] }) {
  const { experiment, choice, columns } = props;
  return (
    <span className="exports">
      Export{" "}
      {["csv", "json", "parquet"].map((format) => (
        <a
          key={format}
          href={runsPath(experiment, `runs/export/${format}`, {
            ...choice,
            columns: columns.join(","),
          })}
          download
        >
          {format}
        </a>
      ))}
    </span>
  );
}

/** What one configuration's seeds agree on comes first. */
function GroupPicker(props: {
  known: readonly string[];
  chosen: string;
  onChange: (id: string) => void;
}) {
  const usable = props.known.filter((id) => !id.startsWith("metrics.") && !OWN_TO_EACH.has(id));
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

/** Columns in which every run differs. */
const OWN_TO_EACH = new Set(["id", "startTime"]);
