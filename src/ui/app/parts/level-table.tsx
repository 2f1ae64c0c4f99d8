/** @file The ablation table at one level of the roll-up: mean, interval, n, delta, members on expansion. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import { MEMBER_TAG } from "../../../experiments/tags.ts";
import { marksOf } from "../../../plot/ablation-table.ts";
import { DARK, styleOf } from "../../../plot/index.ts";
import { percent } from "../../../plot/format.ts";
import type { AblationRow, Delta, Estimate } from "../../../plot/types.ts";
import type { AblationPage, RunRow } from "../../server/types.ts";
import { membersQuery } from "../api.ts";
import type { Level } from "../router.tsx";
import { useIsDark } from "../theme.ts";
import { ScoreCell } from "./score-cell.tsx";

type Column = {
  readonly id: string;
  readonly label: string;
  readonly estimate: (row: AblationRow) => Estimate | undefined;
  readonly delta: (row: AblationRow) => Delta | undefined;
};

export function LevelTable({
  experiment,
  page,
  level,
}: {
  experiment: string;
  page: AblationPage;
  level: Level;
}) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const dark = useIsDark();
  const { grid } = page;
  const columns = columnsOf(page, level);
  const marks = columns.map((column) => marksOf(grid.rows.map((row) => column.estimate(row))));
  const toggle = (name: string): void =>
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(name)) after.add(name);
      return after;
    });
  return (
    <>
      <div className="scroll" role="region" aria-label="Table of configurations" tabIndex={0}>
        <table className="ablation">
          <thead>
            <tr>
              <th scope="col">Configuration</th>
              {columns.map(({ id, label }) => (
                <th key={id} scope="col" className="number">
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {grid.rows.map((row, r) => {
              const { colour } = styleOf(row.name);
              return (
                <Fragment key={row.name}>
                  <tr className={row.name === grid.baseline ? "baseline" : ""}>
                    <th scope="row">
                      <button
                        type="button"
                        className="expand"
                        aria-expanded={open.has(row.name)}
                        onClick={() => toggle(row.name)}
                      >
                        <span
                          className="dot"
                          style={{ background: dark ? (DARK[colour] ?? colour) : colour }}
                        />
                        {row.name}
                      </button>
                      <small>
                        {row.changes === row.name ? "" : `${row.changes}, `}n = {row.members}
                        {row.members === 1 && ", one seed: no interval, no test"}
                        {(row.missing ?? 0) > 0 && `, ${row.missing} missing`}
                      </small>
                    </th>
                    {columns.map((column, c) => (
                      <ScoreCell
                        key={column.id}
                        value={column.estimate(row)}
                        delta={column.delta(row)}
                        alpha={grid.alpha}
                        mark={marks[c]![r]}
                      />
                    ))}
                  </tr>
                  {open.has(row.name) && (
                    <Members
                      experiment={experiment}
                      row={row.name}
                      rows={grid.rows.map(({ name }) => name)}
                      columns={columns.length}
                    />
                  )}
                </Fragment>
              );
            })}
          </tbody>
        </table>
      </div>
      <p className="note">
        Percent, 95 % intervals; below, the difference from {grid.baseline} in points. Bold: best,
        underlined: second. † p &lt; {grid.alpha} after Holm’s correction over {grid.family}.{" "}
        {grid.statistics}
      </p>
    </>
  );
}

function columnsOf(page: AblationPage, level: Level): Column[] {
  const overall: Column = {
    id: "overall",
    label: "Overall",
    estimate: (row) => row.overall,
    delta: (row) => row.deltas?.overall,
  };
  const known = Object.keys(page.grid.rows[0]?.[level] ?? {});
  const ids =
    level === "modalities"
      ? page.modalities.map(({ id }) => id).filter((id) => known.includes(id))
      : known;
  const labels = new Map(
    page.modalities.map(({ id, label, inOverall }) => [
      id,
      inOverall ? label : `${label} (beside)`,
    ]),
  );
  return [
    overall,
    ...ids.map((id) => ({
      id,
      label: labels.get(id) ?? id,
      estimate: (row: AblationRow) => row[level][id],
      delta: (row: AblationRow) => row.deltas?.[level][id],
    })),
  ];
}

/** The runs behind a row. */
function Members({
  experiment,
  row,
  rows,
  columns,
}: {
  experiment: string;
  row: string;
  rows: readonly string[];
  columns: number;
}) {
  const { data: runs = [] } = useQuery(membersQuery(experiment));
  const members = membersOf(runs, rows).get(row) ?? [];
  return (
    <tr className="members">
      <td colSpan={columns + 1}>
        {members.length === 0 ? (
          "The runs lie in another experiment, where they were made first."
        ) : (
          <ul>
            {members.map((run) => (
              <li key={run.id}>
                <Link to="/ui/run/$id" params={{ id: run.id }}>
                  seed {run.params["seed"]}
                </Link>{" "}
                {percent(run.metrics["test/overall"] ?? null)} overall
              </li>
            ))}
          </ul>
        )}
      </td>
    </tr>
  );
}

/**
 * Runs by the cell they answer, of the grid that the table shows: the one that has all its rows. Member
 * tags are `rzenlab.member/<experiment>/<grid>` and hold the cell as JSON.
 */
function membersOf(runs: readonly RunRow[], rows: readonly string[]): Map<string, RunRow[]> {
  const grids = new Map<string, Map<string, RunRow[]>>();
  for (const run of runs) {
    for (const [key, value] of Object.entries(run.tags)) {
      if (!key.startsWith(MEMBER_TAG)) continue;
      const { cell } = JSON.parse(value) as { cell: string };
      const cells = grids.get(key) ?? new Map<string, RunRow[]>();
      grids.set(key, cells.set(cell, [...(cells.get(cell) ?? []), run]));
    }
  }
  return [...grids.values()].find((cells) => rows.every((row) => cells.has(row))) ?? new Map();
}
