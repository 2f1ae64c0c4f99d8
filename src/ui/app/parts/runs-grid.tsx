/** @file The rows of the runs table, grouped or not; only those in view are in the page. */
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import type { RunRow } from "../../server/types.ts";
import type { Column } from "../columns.ts";
import { meanText, type RunGroup } from "../groups.ts";
import { Status } from "./states.tsx";

const ROW = 34;
const WIDTHS: Readonly<Record<string, string>> = { name: "260px", startTime: "180px" };

type Item = { readonly group: RunGroup } | { readonly run: RunRow };

export type RunsGridProps = {
  readonly shown: readonly RunRow[];
  /** The same runs in groups; null shows them one after another. */
  readonly groups: readonly RunGroup[] | null;
  readonly columns: readonly Column[];
  readonly sort: string;
  readonly picked: ReadonlySet<string>;
  readonly onSort: (id: string) => void;
  readonly onPick: (ids: readonly string[], on: boolean) => void;
};

export function RunsGrid(props: RunsGridProps) {
  const { shown, groups, columns, picked, onPick } = props;
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const items = useMemo(() => itemsOf(shown, groups, closed), [shown, groups, closed]);
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const template = `34px ${columns.map(({ id }) => WIDTHS[id] ?? "138px").join(" ")}`;
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
      <Head {...props} template={template} />
      <div role="rowgroup" style={{ height: rows.getTotalSize(), position: "relative" }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const item = items[index]!;
          const own = "run" in item ? [item.run] : item.group.runs;
          const all = own.every(({ id }) => picked.has(id));
          return (
            <div
              key={"run" in item ? item.run.id : `group ${item.group.value}`}
              role="row"
              aria-rowindex={index + 2}
              className={`grid-row${all ? " picked" : ""}${"run" in item ? "" : " group"}`}
              style={{
                transform: `translateY(${start}px)`,
                gridTemplateColumns: template,
                height: ROW,
              }}
            >
              <span role="cell">
                <input
                  type="checkbox"
                  checked={all}
                  aria-label={`pick ${"run" in item ? item.run.name : `all of ${item.group.value}`}`}
                  onChange={() =>
                    onPick(
                      own.map(({ id }) => id),
                      !all,
                    )
                  }
                />
              </span>
              {"run" in item ? (
                <RunCells run={item.run} columns={columns} />
              ) : (
                <GroupCells
                  group={item.group}
                  columns={columns}
                  open={!closed.has(item.group.value)}
                  onToggle={() => toggle(item.group.value)}
                />
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function itemsOf(
  shown: readonly RunRow[],
  groups: readonly RunGroup[] | null,
  closed: ReadonlySet<string>,
): Item[] {
  if (groups === null) return shown.map((run) => ({ run }));
  return groups.flatMap((group) => [
    { group },
    ...(closed.has(group.value) ? [] : group.runs.map((run) => ({ run }))),
  ]);
}

function Head({
  shown,
  columns,
  sort,
  picked,
  onSort,
  onPick,
  template,
}: RunsGridProps & { template: string }) {
  const all = shown.length > 0 && shown.every(({ id }) => picked.has(id));
  return (
    <div className="grid-head" role="row" style={{ gridTemplateColumns: template }}>
      <span role="columnheader">
        <input
          type="checkbox"
          checked={all}
          aria-label="pick all shown"
          onChange={() =>
            onPick(
              shown.map(({ id }) => id),
              !all,
            )
          }
        />
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
  );
}

function RunCells({ run, columns }: { run: RunRow; columns: readonly Column[] }) {
  return columns.map((column) => (
    <span
      key={column.id}
      role="cell"
      className={column.numeric ? "number" : ""}
      title={column.text(run)}
    >
      <Shown run={run} column={column} />
    </span>
  ));
}

/** The group's value where names stand, means where numbers do. */
function GroupCells({
  group,
  columns,
  open,
  onToggle,
}: {
  group: RunGroup;
  columns: readonly Column[];
  open: boolean;
  onToggle: () => void;
}) {
  return columns.map((column, i) => (
    <span key={column.id} role="cell" className={column.numeric ? "number" : ""}>
      {i === 0 ? (
        <button type="button" aria-expanded={open} title={group.value} onClick={onToggle}>
          <span aria-hidden>{open ? "▾" : "▸"}</span> {group.value === "" ? "–" : group.value} (
          {group.runs.length.toLocaleString()})
        </button>
      ) : (
        meanText(column, group.runs)
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
