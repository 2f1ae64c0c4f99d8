/** @file The error function in f64, for which JavaScript has none. */

/**
 * 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x, to a few units in the last place.
 *
 * Below 3 the series of Abramowitz and Stegun 7.1.6, whose terms are all positive; above, one minus
 * the continued fraction 7.1.14 of its complement.
 */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (!(z < 6)) return Number.isNaN(x) ? NaN : Math.sign(x);
  return Math.sign(x) * (z < 3 ? series(z) : 1 - complement(z));
}

function series(z: number): number {
  let term = z;
  let total = z;
  for (let n = 1; term > 1e-17 * total; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    total += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * total;
}

function complement(z: number): number {
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.exp(-z * z) / ((z + fraction) * Math.sqrt(Math.PI));
}
