/** @file One run: notes, curves, scores, settings, where it came from, how to make it again, its files. */
import { useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import { duration, percent } from "../../../plot/format.ts";
import type { RunDetail } from "../../server/types.ts";
import { leaderboardAddress, runQuery } from "../api.ts";
import { Pairs } from "../parts/pairs.tsx";
import { RunAgain } from "../parts/run-again.tsx";
import { RunCurves } from "../parts/run-curves.tsx";
import { RunFiles } from "../parts/run-files.tsx";
import { RunNotes } from "../parts/run-notes.tsx";
import { RunOrigin } from "../parts/run-origin.tsx";
import { Loaded, Status } from "../parts/states.tsx";

const route = getRouteApi("/ui/run/$id");

export function RunView() {
  const { id } = route.useParams();
  return <Loaded of={useQuery(runQuery(id))}>{(run) => <Page run={run} />}</Loaded>;
}

function Page({ run }: { run: RunDetail }) {
  const seconds = ((run.endTime ?? Date.now()) - run.startTime) / 1000;
  return (
    <>
      <header className="title">
        <h1>{run.name}</h1>
        <Status status={run.status} />
      </header>
      <p className="lead">
        In{" "}
        <Link to="/ui/$experiment/runs" params={{ experiment: run.experiment }}>
          {run.experiment}
        </Link>
        , started{" "}
        <time dateTime={new Date(run.startTime).toISOString()}>
          {new Date(run.startTime).toLocaleString()}
        </time>
        , {run.endTime === null ? "running for" : "took"} {duration(seconds)}. <code>{run.id}</code>
      </p>
      {run.tags["rzenlab.error"] !== undefined && (
        <div className="problem" role="alert">
          {run.tags["rzenlab.error"]}
        </div>
      )}
      <RunNotes run={run} />
      <RunCurves run={run} />
      {run.evaluations.length > 0 && <Scores run={run} />}
      <section>
        <h2>Settings</h2>
        {Object.keys(run.params).length > 0 ? (
          <Pairs values={run.params} />
        ) : (
          <p className="note">The run recorded no settings.</p>
        )}
      </section>
      <RunOrigin run={run} />
      <RunAgain run={run} />
      <RunFiles run={run} />
    </>
  );
}

function Scores({ run }: { run: RunDetail }) {
  const rows = run.evaluations.filter(({ split }) => split === "test");
  return (
    <section>
      <header className="title">
        <h2>Scores</h2>
        {run.evaluations.some(({ benchmark }) => benchmark.startsWith("MMEB")) && (
          <a href={leaderboardAddress(run.id)}>MMEB leaderboard JSON</a>
        )}
      </header>
      <div className="scroll" role="region" aria-label="Scores" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {["Data set", "Modality", "Meta-task", "Domain", "Metric"].map((label) => (
                <th key={label} scope="col">
                  {label}
                </th>
              ))}
              <th scope="col" className="number">
                Score %
              </th>
              <th scope="col" className="number">
                Queries
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ benchmark, task, modality, metaTask, domain, metric, value, n }) => (
              <tr key={`${benchmark} ${task} ${metric}`}>
                <th scope="row">{task}</th>
                <td>{modality}</td>
                <td>{metaTask}</td>
                <td>{domain ?? "–"}</td>
                <td>{metric}</td>
                <td className="number">{percent(value)}</td>
                <td className="number">{n}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
