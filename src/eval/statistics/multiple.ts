/** @file Corrections for the number of comparisons. */

/** Holm's step-down adjustment: controls the chance of any false claim. Order of the input is kept. */
export function holm(pValues: readonly number[]): number[] {
  return adjust(pValues, "holm", (sorted) => {
    const n = sorted.length;
    let highest = 0;
    return sorted.map((p, i) => (highest = Math.max(highest, Math.min(1, (n - i) * p))));
  });
}

/** Benjamini and Hochberg's step-up adjustment: controls the share of false claims among all claims. */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  return adjust(pValues, "benjaminiHochberg", (sorted) => {
    const n = sorted.length;
    let lowest = 1;
    const adjusted = sorted.map((p, i) => (n * p) / (i + 1));
    for (let i = n - 1; i >= 0; i--) adjusted[i] = lowest = Math.min(lowest, adjusted[i]!);
    return adjusted;
  });
}

function adjust(
  pValues: readonly number[],
  name: string,
  step: (ascending: number[]) => number[],
): number[] {
  const bad = pValues.findIndex((p) => !(p >= 0 && p <= 1));
  if (bad >= 0) throw new RangeError(`${name}: p-value ${bad} is ${pValues[bad]}`);
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = step(order.map((i) => pValues[i]!));
  const result = Array.from({ length: pValues.length }, () => 0);
  for (const [place, i] of order.entries()) result[i] = adjusted[place]!;
  return result;
}
