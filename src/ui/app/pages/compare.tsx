/** @file Runs side by side: what differs between them, and their curves, a band over seeds. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import type { CurveGroup, Series } from "../../../plot/types.ts";
import type { RunDetail, SeriesPoints } from "../../server/types.ts";
import { runQuery, runRowsQuery, seriesQuery } from "../api.ts";
import { CurveChart } from "../parts/curve-chart.tsx";
import { Loaded } from "../parts/states.tsx";
import { Sweep } from "../parts/sweep.tsx";

const route = getRouteApi("/ui/$experiment/compare");
/** More lines than this say nothing, and each is a request. */
const MOST = 40;
const MOST_ROWS = 2_000;

export function CompareView() {
  const { experiment } = route.useParams();
  const { runs = "", filter = "" } = route.useSearch();
  const choice = runs === "" ? { filter: filter || "status = 'FINISHED'" } : { runs, filter };
  return (
    <>
      <h1>Compare</h1>
      <Loaded of={useQuery(runRowsQuery(experiment, choice, ["*"], MOST_ROWS))}>
        {({ rows, total }) =>
          rows.length === 0 ? (
            <p className="empty">
              No finished runs to compare; pick some on the{" "}
              <Link to="/ui/$experiment/runs" params={{ experiment }}>
                Runs
              </Link>{" "}
              page.
            </p>
          ) : (
            <>
              <Comparison ids={rows.slice(0, MOST).map(({ id }) => id)} of={total} />
              <Sweep runs={rows} />
            </>
          )
        }
      </Loaded>
    </>
  );
}

function Comparison({ ids, of }: { ids: readonly string[]; of: number }) {
  const found = useQueries({ queries: ids.map((id) => runQuery(id)) });
  const details = found.flatMap(({ data }) => (data === undefined ? [] : [data]));
  const failed = found.find(({ error }) => error !== null);
  if (failed?.error) return <p role="alert">{failed.error.message}</p>;
  if (details.length < ids.length) {
    return (
      <p className="waiting" role="status">
        Reading {ids.length} runs …
      </p>
    );
  }
  return (
    <>
      <p className="note">
        {ids.length} of {of} runs
        {of > ids.length && `, the newest ${MOST}; pick others on the Runs page`}. Runs that differ
        by the seed alone are one line with a 95 % band.
      </p>
      <Curves details={details} />
      <Differences details={details} />
    </>
  );
}

function Curves({ details }: { details: readonly RunDetail[] }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const keys = useMemo(() => curveKeys(details), [details]);
  const metric = search.metric ?? keys[0] ?? "";
  const found = useQueries({
    queries: metric === "" ? [] : details.map(({ id }) => seriesQuery(id, metric)),
  });
  const ready = found.flatMap(({ data }) => (data === undefined ? [] : [data]));
  const groups = groupsOf(details, ready);
  if (metric === "") return <p className="empty">These runs have no curves.</p>;
  return (
    <section aria-labelledby="curves">
      <h2 id="curves">Curves</h2>
      <label>
        Metric{" "}
        <select
          value={metric}
          onChange={(event) =>
            void navigate({ search: { ...search, metric: event.target.value }, replace: true })
          }
        >
          {keys.map((key) => (
            <option key={key}>{key}</option>
          ))}
        </select>
      </label>
      {ready.length === details.length && <CurveChart title={metric} groups={groups} />}
    </section>
  );
}

/** Metrics with more than one point in some run; the loss first. */
function curveKeys(details: readonly RunDetail[]): string[] {
  const keys = new Set(
    details.flatMap(({ series }) => series.filter(({ count }) => count > 1).map(({ key }) => key)),
  );
  return [...keys].sort(
    (a, b) => Number(b === "loss") - Number(a === "loss") || a.localeCompare(b),
  );
}

/** Settings that tell replicates apart, not configurations. */
const REPLICATE = new Set(["seed", "model.initSeed"]);

/** Runs whose settings differ by the seed alone are one configuration, named by the first of them. */
function groupsOf(details: readonly RunDetail[], series: readonly SeriesPoints[]): CurveGroup[] {
  const points = new Map(series.map((one) => [one.runId, one.points]));
  const settings = ({ params }: RunDetail): string =>
    JSON.stringify(
      Object.entries(params)
        .filter(([key]) => !REPLICATE.has(key))
        .sort(([a], [b]) => a.localeCompare(b)),
    );
  const names = new Set<string>();
  const drawn = details.filter(({ id }) => (points.get(id) ?? []).length > 0);
  return [...Map.groupBy(drawn, settings).values()].map((runs) => {
    const wanted = runs[0]!.params["recipe"]?.replace(/^\w+: /, "") ?? runs[0]!.name;
    const name = names.has(wanted) ? `${wanted} (${runs[0]!.id.slice(0, 6)})` : wanted;
    names.add(name);
    return { name, members: runs.map((run) => memberOf(run, points.get(run.id) ?? [])) };
  });
}

function memberOf({ params }: RunDetail, points: SeriesPoints["points"]): Series {
  return {
    seed: Number(params["seed"] ?? 0),
    steps: points.map(({ step }) => step),
    values: points.map(({ value }) => value),
  };
}

/** Settings, code and data on which the runs don't agree; the rest is left out. */
function Differences({ details }: { details: readonly RunDetail[] }) {
  const rows = differing(details);
  return (
    <section aria-labelledby="differences">
      <h2 id="differences">What differs</h2>
      {rows.length === 0 ? (
        <p className="empty">Nothing: settings, code and data are the same.</p>
      ) : (
        <div className="scroll" role="region" aria-label="Table of what differs" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Setting</th>
                {details.map(({ id, name, params }) => (
                  <th key={id} scope="col">
                    <Link to="/ui/run/$id" params={{ id }}>
                      {name}
                    </Link>
                    <small>seed {params["seed"] ?? "–"}</small>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(([key, values]) => (
                <tr key={key}>
                  <th scope="row">{key}</th>
                  {values.map((value, i) => (
                    <td key={details[i]!.id}>{value ?? "–"}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const PROVENANCE = [
  "rzenlab.commit",
  "rzenlab.dirty",
  "rzenlab.digest.data",
  "rzenlab.digest.start",
  "rzenlab.code",
  "rzenlab.machine",
];

function differing(details: readonly RunDetail[]): [string, (string | undefined)[]][] {
  const keys = new Set(details.flatMap(({ params }) => Object.keys(params)));
  const settings = [...keys].map((key): [string, (string | undefined)[]] => [
    key,
    details.map(({ params }) => params[key]),
  ]);
  const origins = PROVENANCE.map((key): [string, (string | undefined)[]] => [
    key,
    details.map(({ tags }) => tags[key]),
  ]);
  return [...settings, ...origins].filter(([, values]) => new Set(values).size > 1);
}
