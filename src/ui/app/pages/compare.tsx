/** @file Runs side by side: their curves, a band over seeds; what differs between them; what that did to scores. */
import { useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import { runRowsQuery } from "../api.ts";
import { CompareCurves } from "../parts/compare-curves.tsx";
import { Differences } from "../parts/differences.tsx";
import { PairedDifferences } from "../parts/paired-differences.tsx";
import { Loaded } from "../parts/states.tsx";
import { Sweep } from "../parts/sweep.tsx";

const route = getRouteApi("/ui/$experiment/compare");
/** Runs whose settings are read, the newest. */
const MOST = 2_000;

export function CompareView() {
  const { experiment } = route.useParams();
  const { runs = "", filter = "" } = route.useSearch();
  const choice = runs === "" ? { filter: filter || "status = 'FINISHED'" } : { runs, filter };
  return (
    <>
      <h1>Compare</h1>
      <Loaded of={useQuery(runRowsQuery(experiment, choice, ["*"], MOST))}>
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
              <p className="note">
                {total.toLocaleString()} {total === 1 ? "run" : "runs"}
                {runs === "" && ` with ${choice.filter}`}
                {rows.length < total && `, of which the newest ${MOST.toLocaleString()} are read`}.
              </p>
              <CompareCurves experiment={experiment} choice={choice} rows={rows} />
              <PairedDifferences experiment={experiment} choice={choice} />
              <Differences rows={rows} />
              <Sweep runs={rows} />
            </>
          )
        }
      </Loaded>
    </>
  );
}
