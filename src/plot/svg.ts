/** @file Small drawings inside table cells. Colours come from the page's classes. */
import type { Delta } from "./types.ts";

const WIDTH = 112;
const HEIGHT = 16;

/** An interval and its mean on a common scale from -limit to limit, 0 as a line. Decorative: the numbers stand beside it. */
export function intervalSvg(delta: Delta, limit: number, filled: boolean): string {
  const x = (value: number): string => {
    const share = Math.min(1, Math.max(-1, value / limit));
    return (WIDTH / 2 + share * (WIDTH / 2 - 5)).toFixed(1);
  };
  const side = delta.low > 0 ? "better" : delta.high < 0 ? "worse" : "unclear";
  const y = HEIGHT / 2;
  return (
    `<svg class="interval ${side}" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" aria-hidden="true">` +
    `<line class="zero" x1="${WIDTH / 2}" y1="0" x2="${WIDTH / 2}" y2="${HEIGHT}"/>` +
    `<line class="range" x1="${x(delta.low)}" y1="${y}" x2="${x(delta.high)}" y2="${y}"/>` +
    `<circle class="${filled ? "filled" : "hollow"}" cx="${x(delta.mean)}" cy="${y}" r="4"/></svg>`
  );
}

/** The end of a common scale for the intervals of a table; a little room is left. */
export function intervalLimit(deltas: readonly (Delta | null | undefined)[]): number {
  const ends = deltas.flatMap((delta) =>
    delta ? [Math.abs(delta.low), Math.abs(delta.high)] : [],
  );
  return Math.max(0.001, ...ends) * 1.05;
}
