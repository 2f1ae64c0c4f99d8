/** @file A score with its interval, and its difference from the baseline. */
import { excludesZero, isSignificant } from "../../../plot/levels.ts";
import {
  delta as deltaText,
  interval,
  percent,
  points,
  probability,
} from "../../../plot/format.ts";
import type { Delta, Estimate } from "../../../plot/types.ts";

export function ScoreCell({
  value,
  delta,
  alpha,
  mark,
}: {
  value: Estimate | undefined;
  delta: Delta | undefined;
  alpha: number;
  mark: "best" | "second" | undefined;
}) {
  if (value === undefined) return <td className="score">–</td>;
  const range = interval(value.low, value.high, percent);
  return (
    <td className="score" title={titleOf(value, delta)}>
      <span className={mark ?? ""}>{percent(value.mean)}</span>
      <span className="interval">{range === "" ? `n = ${value.n}` : range}</span>
      {delta && (
        <span className={`delta ${verdictOf(delta)}`}>
          {points(delta.mean)}
          {isSignificant(delta, alpha) && (
            <abbr title={`p (Holm) ${probability(delta.pHolm)}`}>†</abbr>
          )}
        </span>
      )}
    </td>
  );
}

function titleOf(value: Estimate, delta: Delta | undefined): string {
  const own = `mean over ${value.n}${value.n === 1 ? ", no interval from one run" : ""}`;
  if (!delta) return own;
  const corrected = delta.pHolm === null ? "" : `, p (Holm) ${probability(delta.pHolm)}`;
  return `${own}; against the baseline ${deltaText(delta)} points, p ${probability(delta.p)}${corrected}, ${delta.n} pairs`;
}

export function verdictOf(delta: Delta): "better" | "worse" | "unclear" {
  if (!excludesZero(delta)) return "unclear";
  return delta.mean > 0 ? "better" : "worse";
}
