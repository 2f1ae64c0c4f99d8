/** @file One run: curves, scores, settings, where it came from, its files, and how to make it again. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { duration, percent } from "../../../plot/format.ts";
import type { RunDetail } from "../../server/types.ts";
import { artifactAddress, runQuery, seriesQuery } from "../api.ts";
import { CurveChart } from "../parts/curve-chart.tsx";
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
      {run.reproduce !== null && <Reproduce command={run.reproduce} />}
      <Curves run={run} />
      {run.evaluations.length > 0 && <Scores run={run} />}
      <Pairs title="Settings" values={run.params} />
      <Pairs title="Where it came from" values={run.tags} />
      <Files run={run} />
    </>
  );
}

function Reproduce({ command }: { command: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <details>
      <summary>The command that makes it again</summary>
      <pre className="command">{command}</pre>
      <button
        type="button"
        onClick={() => void navigator.clipboard.writeText(command).then(() => setCopied(true))}
      >
        {copied ? "Copied" : "Copy"}
      </button>
    </details>
  );
}

/** Metrics with a course, most telling first. */
function Curves({ run }: { run: RunDetail }) {
  const keys = run.series.filter(({ count }) => count > 1).map(({ key }) => key);
  const ordered = [...new Set(["loss", "gradient_norm", "learning_rate", ...keys])].filter((key) =>
    keys.includes(key),
  );
  const found = useQueries({ queries: ordered.map((key) => seriesQuery(run.id, key)) });
  if (ordered.length === 0) return null;
  return (
    <section aria-labelledby="curves">
      <h2 id="curves">Curves</h2>
      <div className="curves">
        {found.map(({ data }, i) =>
          data === undefined ? null : (
            <CurveChart
              key={ordered[i]}
              title={ordered[i]!}
              groups={[
                {
                  name: run.name,
                  members: [
                    {
                      seed: 0,
                      steps: data.points.map(({ step }) => step),
                      values: data.points.map(({ value }) => value),
                    },
                  ],
                },
              ]}
            />
          ),
        )}
      </div>
    </section>
  );
}

function Scores({ run }: { run: RunDetail }) {
  const rows = run.evaluations.filter(({ split }) => split === "test");
  return (
    <section aria-labelledby="scores">
      <h2 id="scores">Scores</h2>
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

function Pairs({ title, values }: { title: string; values: Readonly<Record<string, string>> }) {
  const rows = Object.entries(values).sort(([a], [b]) => a.localeCompare(b));
  if (rows.length === 0) return null;
  return (
    <details open={title === "Settings"}>
      <summary>
        {title} ({rows.length})
      </summary>
      <dl className="pairs">
        {rows.map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

const PREVIEWED = /\.(?:json|txt|log|md|csv)$/i;
const PICTURE = /\.(?:png|jpe?g|webp)$/i;

function Files({ run }: { run: RunDetail }) {
  const [shown, setShown] = useState<string | null>(null);
  if (run.artifacts.length === 0) return null;
  return (
    <section aria-labelledby="files">
      <h2 id="files">Files</h2>
      <ul className="files">
        {run.artifacts.map(({ path, bytes }) => (
          <li key={path}>
            <a href={artifactAddress(run.id, path)}>{path}</a>{" "}
            <small>{(bytes / 1024).toFixed(1)} KiB</small>
            {(PREVIEWED.test(path) || PICTURE.test(path)) && (
              <button
                type="button"
                aria-expanded={shown === path}
                onClick={() => setShown(shown === path ? null : path)}
              >
                {shown === path ? "hide" : "show"}
              </button>
            )}
            {shown === path && <Preview address={artifactAddress(run.id, path)} path={path} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Enough to see what it is; the whole file is behind the link. */
const PREVIEW_CHARACTERS = 20_000;

function Preview({ address, path }: { address: string; path: string }) {
  const text = useQuery({
    queryKey: ["file", address],
    enabled: PREVIEWED.test(path),
    queryFn: async () => (await (await fetch(address)).text()).slice(0, PREVIEW_CHARACTERS),
  });
  if (PICTURE.test(path)) return <img src={address} alt={path} className="preview" />;
  return <pre className="preview">{text.data ?? "Loading …"}</pre>;
}
