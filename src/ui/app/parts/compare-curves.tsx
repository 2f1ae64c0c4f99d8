/** @file Curves of the compared runs: however many there are, each is in a line or its band. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { CurveGroup } from "../../../plot/types.ts";
import type { Curves, RunChoice, RunRow } from "../../server/types.ts";
import { curvesQuery } from "../api.ts";
import { batchOf, type CurveAxis, placed } from "../curves.ts";
import {
  ALL,
  CONFIGURATION,
  configurations,
  type Line,
  lineSettings,
  linesBy,
  MOST_LINES,
  usualLines,
} from "../../lines.ts";
import { CurveChart } from "./curve-chart.tsx";
import { CurveControls } from "./curve-controls.tsx";
import { Loaded } from "./states.tsx";

const route = getRouteApi("/ui/$experiment/compare");

export function CompareCurves(props: {
  experiment: string;
  choice: RunChoice;
  rows: readonly RunRow[];
}) {
  const { metric } = route.useSearch();
  return (
    <section aria-labelledby="curves">
      <h2 id="curves">Curves</h2>
      <Loaded of={useQuery(curvesQuery(props.experiment, props.choice, metric))}>
        {(curves) =>
          curves.key === "" ? (
            <p className="empty">These runs have no curves.</p>
          ) : (
            <Drawn curves={curves} rows={props.rows} />
          )
        }
      </Loaded>
    </section>
  );
}

function Drawn({ curves, rows }: { curves: Curves; rows: readonly RunRow[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const drawn = useMemo(() => {
    const have = new Set(curves.curves.map(({ serial }) => serial));
    return rows.filter(({ serial }) => have.has(serial));
  }, [curves, rows]);
  const settings = useMemo(() => lineSettings(drawn), [drawn]);
  const by =
    search.lines === CONFIGURATION || search.lines === ALL || settings.includes(search.lines ?? "")
      ? search.lines!
      : usualLines(drawn);
  const axis = search.axis ?? "step";
  const lines = useMemo(() => linesBy(drawn, by), [drawn, by]);
  const groups = useMemo(
    () => groupsOf(lines.slice(0, MOST_LINES), curves, axis),
    [lines, curves, axis],
  );
  const change = (next: Partial<typeof search>): void =>
    void navigate({ search: { ...search, ...next }, replace: true });
  return (
    <>
      <p className="choices">
        <label>
          Metric
          <select value={curves.key} onChange={(event) => change({ metric: event.target.value })}>
            {curves.keys.map((key) => (
              <option key={key}>{key}</option>
            ))}
          </select>
        </label>
        <label>
          A line for each
          <select value={by} onChange={(event) => change({ lines: event.target.value })}>
            <option value={CONFIGURATION}>configuration (all but the seed)</option>
            {settings.map((key) => (
              <option key={key}>{key}</option>
            ))}
            <option value={ALL}>all in one</option>
          </select>
        </label>
        <CurveControls
          search={search}
          samples={drawn.every(({ params }) => batchOf(params) !== undefined)}
          onChange={change}
        />
      </p>
      <p className="note" role="status">
        {said(curves, drawn, lines, groups, by)}
      </p>
      <CurveChart title={curves.key} groups={groups} search={search} />
    </>
  );
}

/** Plainly what is shown, and what isn't. */
function said(
  { key, runs, of }: Curves,
  drawn: readonly RunRow[],
  lines: readonly Line[],
  groups: readonly CurveGroup[],
  by: string,
): string {
  const shown = groups.reduce((sum, { members }) => sum + members.length, 0);
  const count = (n: number, what: string): string =>
    `${n.toLocaleString()} ${what}${n === 1 ? "" : "s"}`;
  const what =
    by === ALL ? "" : by === CONFIGURATION ? ", one a configuration" : `, one a value of ${by}`;
  return [
    `${count(shown, "run")} in ${count(groups.length, "line")}${what}: the mean, with a 95 % band where a line has several runs.`,
    by !== CONFIGURATION &&
      `The runs are of ${count(configurations(drawn).length, "configuration")}.`,
    lines.length > groups.length &&
      `${count(lines.length - groups.length, "line")} more can't be told apart and aren't drawn: let a line stand for more runs.`,
    of > runs && `Of ${of.toLocaleString()} runs the newest ${runs.toLocaleString()} are drawn.`,
    runs > drawn.length && `${count(runs - drawn.length, "run")} logged no ${key}.`,
  ]
    .filter((text) => text !== false)
    .join(" ");
}

function groupsOf(lines: readonly Line[], { curves }: Curves, axis: CurveAxis): CurveGroup[] {
  const bySerial = new Map(curves.map((one) => [one.serial, one]));
  return lines
    .map(({ name, runs }) => ({
      name,
      members: runs.flatMap(({ serial, params }) => {
        const member = placed(bySerial.get(serial)!, axis, params);
        return member === undefined ? [] : [member];
      }),
    }))
    .filter(({ members }) => members.length > 0);
}
