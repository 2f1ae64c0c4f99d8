import { expect, test } from "vitest";
import {
  csv,
  delta,
  estimate,
  html,
  latex,
  markdown,
  percent,
  points,
  probability,
  pText,
} from "../../src/plot/format.ts";

test("fractions read as percent, with a real minus and never a minus zero", () => {
  expect([0.41234, 1, 0, -0.012, -0.0001, NaN, null].map((x) => percent(x))).toEqual([
    "41.2",
    "100.0",
    "0.0",
    "−1.2",
    "0.0",
    "–",
    "–",
  ]);
});

test("differences carry their sign", () => {
  expect([0.012, -0.012, 0].map((x) => points(x))).toEqual(["+1.2", "−1.2", "+0.0"]);
});

test("intervals follow their mean; without one the mean stands alone", () => {
  expect(estimate({ mean: 0.5, low: 0.4, high: 0.6, n: 3 })).toBe("50.0 [40.0, 60.0]");
  expect(estimate({ mean: 0.5, low: null, high: null, n: 1 })).toBe("50.0");
  expect(estimate(undefined)).toBe("–");
  expect(delta({ mean: -0.01, low: -0.02, high: 0.001, n: 9, p: 0.1, pHolm: null })).toBe(
    "−1.0 [−2.0, 0.1]",
  );
});

test("probabilities keep the digits that matter", () => {
  expect([0.00002, 0.0123, 0.5, 1, null].map(probability)).toEqual([
    "< 0.001",
    "0.012",
    "0.50",
    "1.00",
    "–",
  ]);
  expect([0.00002, 0.5].map(pText)).toEqual(["p < 0.001", "p = 0.50"]);
});

test("text cannot break out of its format", () => {
  expect(html(`<a b="c" d='e'>&`)).toBe("&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
  expect(markdown("a|b *c* _d_ `e`\n<f>")).toBe("a\\|b \\*c\\* \\_d\\_ \\`e\\` \\<f\\>");
  expect(latex("50 % & $1_a #2 {x} ~^ \\ −1 τ †")).toBe(
    String.raw`50 \% \& \$1\_a \#2 \{x\} \textasciitilde{}\textasciicircum{} \textbackslash{} $-$1 $\tau$ \textsuperscript{\textdagger}`,
  );
  expect(["a", "a,b", 'a"b', "a\nb"].map(csv)).toEqual(["a", '"a,b"', '"a""b"', '"a\nb"']);
});
