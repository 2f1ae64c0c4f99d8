/** @file Configurations of the compared runs against one of them: paired differences by modality. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { interval, points, probability } from "../../../plot/format.ts";
import { isSignificant } from "../../../plot/levels.ts";
import type { Delta } from "../../../plot/types.ts";
import type { PairedPage, PairedRow, RunChoice } from "../../server/types.ts";
import { pairedQuery } from "../api.ts";
import { verdictOf } from "./score-cell.tsx";
import { Loaded } from "./states.tsx";

const route = getRouteApi("/ui/$experiment/compare");
const ALPHA = 0.05;

export function PairedDifferences(props: { experiment: string; choice: RunChoice }) {
  const { against } = route.useSearch();
  return (
    <Loaded of={useQuery(pairedQuery(props.experiment, props.choice, against))}>
      {(page) => (page.rows.length === 0 ? null : <Table page={page} />)}
    </Loaded>
  );
}

function Table({ page }: { page: PairedPage }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { names, against, modalities, rows, left, statistics } = page;
  return (
    <section aria-labelledby="paired">
      <h2 id="paired">Paired differences</h2>
      <p className="choices">
        <label>
          Against
          <select
            value={against}
            onChange={(event) =>
              void navigate({ search: { ...search, against: event.target.value }, replace: true })
            }
          >
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </p>
      <div className="scroll" role="region" aria-label="Table of paired differences" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Configuration</th>
              {["overall", ...modalities].map((name) => (
                <th key={name} scope="col" className="number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row">
                  {row.name}
                  <small>{row.seeds === 1 ? "1 seed" : `${row.seeds} seeds`} in common</small>
                </th>
                <Cells row={row} modalities={modalities} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="note">
        Points of the test score, with 95 % intervals. † overall p below {ALPHA} after Holm’s
        correction over {rows.length} comparisons. {statistics}
        {left > 0 && ` ${left} more configurations are left out: compare fewer.`}
      </p>
    </section>
  );
}

function Cells({ row, modalities }: { row: PairedRow; modalities: readonly string[] }) {
  if (row.problem !== null) return <td colSpan={modalities.length + 1}>{row.problem}</td>;
  return [row.overall, ...modalities.map((name) => row.modalities[name] ?? null)].map(
    (delta, i) => <Cell key={["overall", ...modalities][i]} delta={delta} />,
  );
}

function Cell({ delta }: { delta: Delta | null }) {
  if (delta === null) return <td className="number">one pair: no interval</td>;
  return (
    <td className="score" title={`${delta.n} pairs, p ${probability(delta.p)}`}>
      <span className={verdictOf(delta)}>
        {points(delta.mean)}
        {isSignificant(delta, ALPHA) && (
          <abbr title={`p (Holm) ${probability(delta.pHolm)}`}>†</abbr>
        )}
      </span>
      <span className="interval">{interval(delta.low, delta.high, points)}</span>
    </td>
  );
}
