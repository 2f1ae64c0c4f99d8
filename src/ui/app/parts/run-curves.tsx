/** @file A run's metrics over steps, drawn again as points come in; the machine's own apart. */
import { useQueries } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { RunDetail, SeriesPoints } from "../../server/types.ts";
import { seriesQuery } from "../api.ts";
import { batchOf, type CurveSearch, placed } from "../curves.ts";
import { CurveChart } from "./curve-chart.tsx";
import { CurveControls } from "./curve-controls.tsx";

const route = getRouteApi("/ui/run/$id");

/** Keys of what the machine did, as MLflow names them. */
const SYSTEM = "system/";
/** Most telling first. */
const FIRST = ["loss", "gradient_norm", "learning_rate"];

export function RunCurves({ run }: { run: RunDetail }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const keys = run.series.filter(({ count }) => count > 1).map(({ key }) => key);
  const own = keys.filter((key) => !key.startsWith(SYSTEM));
  const ordered = [...new Set([...FIRST, ...own])].filter((key) => own.includes(key));
  return (
    <>
      <section>
        <h2>Curves</h2>
        {keys.length > 0 && (
          <p className="choices">
            <CurveControls
              search={search}
              samples={batchOf(run.params) !== undefined}
              onChange={(next) => void navigate({ search: { ...search, ...next }, replace: true })}
            />
          </p>
        )}
        {ordered.length === 0 ? (
          <p className="note">
            {run.status === "RUNNING"
              ? "No metric has a second step yet; curves appear here as they are logged."
              : "The run logged no metric at more than one step."}
          </p>
        ) : (
          <Charts run={run} keys={ordered} search={search} />
        )}
      </section>
      {own.length < keys.length && (
        <section>
          <h2>Machine</h2>
          <Charts run={run} keys={keys.filter((key) => key.startsWith(SYSTEM))} search={search} />
        </section>
      )}
    </>
  );
}

function Charts(props: { run: RunDetail; keys: readonly string[]; search: CurveSearch }) {
  const { run, keys, search } = props;
  const found = useQueries({ queries: keys.map((key) => seriesQuery(run.id, key)) });
  return (
    <div className="curves">
      {found.map(
        ({ data }, i) =>
          data && (
            <OneCurve
              key={keys[i]}
              run={run}
              points={data.points}
              search={search}
              title={keys[i]!}
            />
          ),
      )}
    </div>
  );
}

function OneCurve(props: {
  run: RunDetail;
  points: SeriesPoints["points"];
  search: CurveSearch;
  title: string;
}) {
  const { run, points, search, title } = props;
  const groups = useMemo(() => {
    const own = {
      steps: points.map(({ step }) => step),
      seconds: points.map(({ timestamp }) => (timestamp - run.startTime) / 1_000),
      values: points.map(({ value }) => value),
    };
    const member = placed(own, search.axis ?? "step", run.params);
    return member === undefined ? [] : [{ name: run.name, members: [member] }];
  }, [points, run, search.axis]);
  if (groups.length === 0) return null;
  return <CurveChart title={title} groups={groups} search={search} />;
}
