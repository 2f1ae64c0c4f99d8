/** @file The rows of the runs table, grouped or not; only those in view are in the page, and only pages in view are fetched. */
import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, memo, useMemo, useRef, useState } from "react";
import type { RunChoice, RunGroup, RunRow } from "../../server/types.ts";
import { PAGE_ROWS, runPageQuery } from "../api.ts";
import type { Column } from "../columns.ts";
import { meanText } from "../groups.ts";
import { Status } from "./states.tsx";

const ROW = 34;
const PICK_WIDTH = 34;
const WIDTHS: Readonly<Record<string, number>> = { name: 260, startTime: 180 };
const WIDTH = 138;

export type RunsGridProps = {
  readonly experiment: string;
  readonly choice: RunChoice;
  /** Runs that pass. */
  readonly total: number;
  /** The same runs in groups; null shows them one after another. */
  readonly groups: readonly RunGroup[] | null;
  /** The pinned ones first. */
  readonly columns: readonly Column[];
  /** Columns at the left that stay in sight. */
  readonly pinned: number;
  readonly sort: string;
  /** Serial numbers. */
  readonly picked: ReadonlySet<number>;
  /** Serial numbers of all runs in order, once they are known. */
  readonly serials: readonly number[] | undefined;
  readonly onSort: (id: string) => void;
  readonly onPick: (serials: readonly number[], on: boolean) => void;
  /** Rows `from` to `to` are to be picked, or no longer. */
  readonly onPickRange: (from: number, to: number) => void;
};

export function RunsGrid(props: RunsGridProps) {
  const { total, groups, columns, picked, serials, onPick } = props;
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const starts = useMemo(() => startsOf(groups), [groups]);
  const items = useMemo(() => itemsOf(total, groups, closed), [total, groups, closed]);
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const shown = virtual.getVirtualItems();
  const rowAt = useRows(
    props,
    shown.map(({ index }) => items[index]!).filter((at) => at >= 0),
  );
  const layout = useMemo(() => layoutOf(columns, props.pinned), [columns, props.pinned]);
  const toggle = (value: string): void =>
    setClosed((before) => {
      const after = new Set(before);
      if (!after.delete(value)) after.add(value);
      return after;
    });
  return (
    <div
      ref={scroll}
      className="grid"
      role="table"
      aria-rowcount={items.length + 1}
      aria-label="Runs"
      tabIndex={0}
    >
      <Head {...props} layout={layout} />
      <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {shown.map(({ index, start }) => {
          const at = items[index]!;
          const group = at < 0 ? groups![-at - 1] : undefined;
          const run = at < 0 ? undefined : rowAt(at);
          const from = at < 0 ? starts[-at - 1]! : at;
          const own = serials?.slice(from, from + (group?.count ?? 1));
          const all = group
            ? own !== undefined && own.length > 0 && own.every((serial) => picked.has(serial))
            : run !== undefined && picked.has(run.serial);
          return (
            <div
              key={group ? `group ${group.value}` : at}
              role="row"
              aria-rowindex={index + 2}
              aria-busy={!group && run === undefined}
              className={`grid-row${all ? " picked" : ""}${group ? " group" : ""}`}
              style={{
                transform: `translateY(${start}px)`,
                gridTemplateColumns: layout.template,
                height: ROW,
              }}
            >
              <span role="cell" className="pin" style={{ left: 0 }}>
                <input
                  type="checkbox"
                  checked={all}
                  disabled={!group && run === undefined}
                  aria-label={`pick ${group ? `all of ${group.value}` : (run?.name ?? "this run")}`}
                  onChange={() => {
                    if (group) props.onPickRange(from, from + group.count);
                    else onPick([run!.serial], !all);
                  }}
                />
              </span>
              {group ? (
                <GroupCells
                  group={group}
                  columns={columns}
                  layout={layout}
                  open={!closed.has(group.value)}
                  onToggle={() => toggle(group.value)}
                />
              ) : (
                <RunCells run={run} columns={columns} layout={layout} />
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Reads rows by their place in the order; those whose page is on its way are undefined. */
function useRows(
  { experiment, choice, columns }: RunsGridProps,
  wanted: readonly number[],
): (at: number) => RunRow | undefined {
  const ids = columns.map(({ id }) => id);
  const pages = [...new Set([0, ...wanted.map((at) => Math.floor(at / PAGE_ROWS))])];
  const found = useQueries({
    queries: pages.map((page) => runPageQuery(experiment, choice, ids, page)),
  });
  const rows = new Map(pages.map((page, i) => [page, found[i]!.data?.rows]));
  return (at) => rows.get(Math.floor(at / PAGE_ROWS))?.[at % PAGE_ROWS];
}

/** Places of rows; group g stands before its rows as -g - 1. */
function itemsOf(
  total: number,
  groups: readonly RunGroup[] | null,
  closed: ReadonlySet<string>,
): Int32Array {
  if (groups === null) return Int32Array.from({ length: total }, (_, at) => at);
  const items: number[] = [];
  let at = 0;
  for (const [g, { value, count }] of groups.entries()) {
    items.push(-g - 1);
    if (!closed.has(value)) for (let i = 0; i < count; i++) items.push(at + i);
    at += count;
  }
  return Int32Array.from(items);
}

/** Where the rows of each group begin. */
function startsOf(groups: readonly RunGroup[] | null): number[] {
  let at = 0;
  return (groups ?? []).map(({ count }) => (at += count) - count);
}

type Layout = { readonly template: string; readonly pins: readonly (CSSProperties | undefined)[] };

function layoutOf(columns: readonly Column[], pinned: number): Layout {
  const widths = columns.map(({ id }) => WIDTHS[id] ?? WIDTH);
  let left = PICK_WIDTH;
  return {
    // On a phone, where one column at most is pinned, a wide one leaves room for another.
    template: [PICK_WIDTH, ...widths].map((width) => `min(${width}px, 42vw)`).join(" "),
    pins: widths.map((width, i) => (i < pinned ? { left: (left += width) - width } : undefined)),
  };
}

function cellClass({ numeric }: Column, pin: CSSProperties | undefined): string {
  return [numeric ? "number" : "", pin ? "pin" : ""].join(" ").trim();
}

function Head({
  total,
  columns,
  sort,
  picked,
  onSort,
  onPickRange,
  layout,
}: RunsGridProps & { layout: Layout }) {
  return (
    <div className="grid-head" role="row" style={{ gridTemplateColumns: layout.template }}>
      <span role="columnheader" className="pin" style={{ left: 0 }}>
        <input
          type="checkbox"
          checked={total > 0 && picked.size >= total}
          aria-label="pick all shown"
          onChange={() => onPickRange(0, total)}
        />
      </span>
      {columns.map((column, i) => (
        <span
          key={column.id}
          role="columnheader"
          className={cellClass(column, layout.pins[i])}
          style={layout.pins[i]}
          aria-sort={
            sort === column.id ? "ascending" : sort === `-${column.id}` ? "descending" : "none"
          }
        >
          <button type="button" onClick={() => onSort(column.id)} title={column.id}>
            {column.label}
            {sort.replace(/^-/, "") === column.id && (
              <span aria-hidden>{sort === column.id ? "▲" : "▼"}</span>
            )}
          </button>
        </span>
      ))}
    </div>
  );
}

/** Cells stay as they are while their row moves. */
const RunCells = memo(function RunCells({
  run,
  columns,
  layout,
}: {
  run: RunRow | undefined;
  columns: readonly Column[];
  layout: Layout;
}) {
  return columns.map((column, i) => (
    <span
      key={column.id}
      role="cell"
      className={cellClass(column, layout.pins[i])}
      style={layout.pins[i]}
      title={run && column.text(run)}
    >
      {run ? <Shown run={run} column={column} /> : i === 0 && "…"}
    </span>
  ));
});

/** The group's value where names stand, means where numbers do. */
function GroupCells({
  group,
  columns,
  layout,
  open,
  onToggle,
}: {
  group: RunGroup;
  columns: readonly Column[];
  layout: Layout;
  open: boolean;
  onToggle: () => void;
}) {
  return columns.map((column, i) => (
    <span
      key={column.id}
      role="cell"
      className={cellClass(column, layout.pins[i])}
      style={layout.pins[i]}
    >
      {i === 0 ? (
        <button type="button" aria-expanded={open} title={group.value} onClick={onToggle}>
          <span aria-hidden>{open ? "▾" : "▸"}</span> {group.value === "" ? "–" : group.value} (
          {group.count.toLocaleString()})
        </button>
      ) : (
        meanText(column, group)
      )}
    </span>
  ));
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
