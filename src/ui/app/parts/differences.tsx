/** @file Settings, code and data on which runs don't agree; the rest is left out. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { RunRow } from "../../server/types.ts";

/** A column each up to here; of more runs, how many have which value. */
const MOST_COLUMNS = 40;
const MOST_VALUES = 8;

const PROVENANCE = [
  "rzenlab.commit",
  "rzenlab.dirty",
  "rzenlab.digest.data",
  "rzenlab.digest.start",
  "rzenlab.code",
  "rzenlab.machine",
];

type Differing = readonly [key: string, values: readonly (string | undefined)[]];

export function Differences({ rows }: { rows: readonly RunRow[] }) {
  const differing = useMemo(() => differencesOf(rows), [rows]);
  return (
    <section aria-labelledby="differences">
      <h2 id="differences">What differs</h2>
      {differing.length === 0 ? (
        <p className="empty">Nothing: settings, code and data are the same.</p>
      ) : (
        <div className="scroll" role="region" aria-label="Table of what differs" tabIndex={0}>
          {rows.length <= MOST_COLUMNS ? (
            <RunByRun rows={rows} differing={differing} />
          ) : (
            <ValueByValue differing={differing} />
          )}
        </div>
      )}
    </section>
  );
}

function RunByRun(props: { rows: readonly RunRow[]; differing: readonly Differing[] }) {
  const { rows, differing } = props;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Setting</th>
          {rows.map(({ id, name, params }) => (
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
        {differing.map(([key, values]) => (
          <tr key={key}>
            <th scope="row">{key}</th>
            {values.map((value, i) => (
              <td key={rows[i]!.id}>{value ?? "–"}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ValueByValue({ differing }: { differing: readonly Differing[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col" className="number">
            Values
          </th>
          <th scope="col">The most frequent, and how many runs have them</th>
        </tr>
      </thead>
      <tbody>
        {differing.map(([key, values]) => {
          const counts = [...Map.groupBy(values, (value) => value ?? "–")]
            .map(([value, own]) => [value, own.length] as const)
            .sort((a, b) => b[1] - a[1]);
          return (
            <tr key={key}>
              <th scope="row">{key}</th>
              <td className="number">{counts.length.toLocaleString()}</td>
              <td>
                {counts
                  .slice(0, MOST_VALUES)
                  .map(([value, count]) => `${value} (${count.toLocaleString()})`)
                  .join(", ")}
                {counts.length > MOST_VALUES && " …"}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function differencesOf(rows: readonly RunRow[]): Differing[] {
  const keys = new Set(rows.flatMap(({ params }) => Object.keys(params)));
  const settings = [...keys].map((key): Differing => [key, rows.map(({ params }) => params[key])]);
  const origins = PROVENANCE.map((key): Differing => [key, rows.map(({ tags }) => tags[key])]);
  return [...settings, ...origins].filter(([, values]) => new Set(values).size > 1);
}
