import { expect, test } from "vitest";
import { DARK, PALETTE, styleOf, stylesOf } from "../../src/plot/index.ts";

type Rgb = [number, number, number];

/** Linear light of `#rrggbb`. */
function linear(hex: string): Rgb {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
}

function luminance([r, g, b]: Rgb): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG contrast. */
function contrast(a: string, b: string): number {
  const [x, y] = [luminance(linear(a)), luminance(linear(b))];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear light. */
const EYES = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  "red-blind": [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  "green-blind": [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
} as const;

function lab(rgb: Rgb): Rgb {
  const [r, g, b] = rgb;
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(luminance(rgb));
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function seen(hex: string, eye: keyof typeof EYES): Rgb {
  const rgb = linear(hex);
  const through = EYES[eye].map((row) => row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]);
  return lab(through.map((value) => Math.min(1, Math.max(0, value))) as Rgb);
}

const PAGES = { light: "#fdfdfb", dark: "#12161c" };
const SETS = { light: PALETTE, dark: PALETTE.map((colour) => DARK[colour]!) };

test.each(["light", "dark"] as const)("every colour stands out 3 to 1 from the %s page", (page) => {
  for (const colour of SETS[page]) expect(contrast(colour, PAGES[page]), colour).toBeGreaterThan(3);
});

test.each(["light", "dark"] as const)(
  "on the %s page all pairs differ for every kind of eye",
  (page) => {
    for (const eye of ["normal", "red-blind", "green-blind"] as const) {
      for (const [i, a] of SETS[page].entries()) {
        for (const b of SETS[page].slice(i + 1)) {
          const [p, q] = [seen(a, eye), seen(b, eye)];
          const distance = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
          expect(distance, `${a} and ${b}, ${eye}`).toBeGreaterThan(22);
        }
      }
    }
  },
);

test("a variant keeps its stem's colour and gets another dash, symbol and hatch", () => {
  const [stem, variant] = [styleOf("+HW"), styleOf("+HW, tau learned")];
  expect(variant.colour).toBe(stem.colour);
  expect([variant.dash, variant.symbol, variant.pattern]).toEqual(["dash", "diamond", "/"]);
  expect([stem.dash, stem.symbol, stem.pattern]).toEqual(["solid", "circle", ""]);
});

test("a name has one colour wherever it is shown", () => {
  const names = ["baseline", "+HW", "+FN", "+HW+FN", "my own configuration"];
  const alone = styleOf("my own configuration").colour;
  expect(stylesOf(["my own configuration"]).get("my own configuration")!.colour).toBe(alone);
  for (const name of names.slice(0, 4)) {
    expect(stylesOf(names.toReversed()).get(name)).toEqual(styleOf(name));
  }
});

test("no two names of a figure look alike, however many there are up to 28", () => {
  const names = Array.from({ length: 28 }, (_, i) => `run ${i}`);
  const styles = [...stylesOf(names).values()].map(({ colour, dash }) => `${colour} ${dash}`);
  expect(new Set(styles).size).toBe(28);
  expect([...stylesOf(names).keys()]).toEqual(names);
});
