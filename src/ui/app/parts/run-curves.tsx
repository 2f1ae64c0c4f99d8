/** @file A run's metrics over steps, drawn again as points come in; the machine's own apart. */
import { useQueries } from "@tanstack/react-query";
import type { RunDetail } from "../../server/types.ts";
import { seriesQuery } from "../api.ts";
import { CurveChart } from "./curve-chart.tsx";

/** Keys of what the machine did, as MLflow names them. */
const SYSTEM = "system/";
/** Most telling first. */
const FIRST = ["loss", "gradient_norm", "learning_rate"];

export function RunCurves({ run }: { run: RunDetail }) {
  const keys = run.series.filter(({ count }) => count > 1).map(({ key }) => key);
  const own = keys.filter((key) => !key.startsWith(SYSTEM));
  const ordered = [...new Set([...FIRST, ...own])].filter((key) => own.includes(key));
  return (
    <>
      <section>
        <h2>Curves</h2>
        {ordered.length === 0 ? (
          <p className="note">
            {run.status === "RUNNING"
              ? "No metric has a second step yet; curves appear here as they are logged."
              : "The run logged no metric at more than one step."}
          </p>
        ) : (
          <Charts run={run} keys={ordered} />
        )}
      </section>
      {own.length < keys.length && (
        <section>
          <h2>Machine</h2>
          <Charts run={run} keys={keys.filter((key) => key.startsWith(SYSTEM))} />
        </section>
      )}
    </>
  );
}

function Charts({ run, keys }: { run: RunDetail; keys: readonly string[] }) {
  const found = useQueries({ queries: keys.map((key) => seriesQuery(run.id, key)) });
  return (
    <div className="curves">
      {found.map(({ data }, i) => {
        if (data === undefined) return null;
        const steps = data.points.map(({ step }) => step);
        const values = data.points.map(({ value }) => value);
        const members = [{ seed: 0, steps, values }];
        return <CurveChart key={keys[i]} title={keys[i]!} groups={[{ name: run.name, members }]} />;
      })}
    </div>
  );
}
