/**
 * @file Colours that stay with a name and can be told apart by everyone.
 *
 * The seven hues have a contrast of at least 3 to 1 with their background, and differ by at least 22
 * in CIELAB for normal, red-blind and green-blind eyes (test/plot/colours.test.ts computes it). A
 * dash, a symbol and a hatch go with each, so that colour is never the only sign.
 */

export type Style = {
  /** On white; `DARK` has its twin for dark pages. */
  readonly colour: string;
  readonly dash: "solid" | "dash" | "dot" | "dashdot";
  readonly symbol: string;
  /** Hatch of a bar; "" is plain. */
  readonly pattern: "" | "/" | "." | "x";
};

const GREY = "#474c55";
const RUST = "#a8430a";
const BLUE = "#1f63e8";
const GREEN = "#00a072";
const INDIGO = "#2e1a8f";
const AMBER = "#c98400";
const MAGENTA = "#d15fc0";

/** For white backgrounds. */
export const PALETTE: readonly string[] = [GREY, RUST, BLUE, GREEN, INDIGO, AMBER, MAGENTA];

/** Ends and middle of the scale of differences: worse, none, better. */
export const WORSE = "#b3480f";
export const NEUTRAL = "#f3f2ef";
export const BETTER = "#1c5fd0";

/** Intervals on bars. */
export const WHISKER = "#33383f";

/** Colour on white -> its twin on a dark page. */
export const DARK: Readonly<Record<string, string>> = {
  [GREY]: "#8f98a3",
  [RUST]: "#e2563a",
  [BLUE]: "#3aa0ff",
  [GREEN]: "#3df0a8",
  [INDIGO]: "#6a63ff",
  [AMBER]: "#ffd23f",
  [MAGENTA]: "#ffc3ec",
  [WHISKER]: "#d3d8df",
  [WORSE]: "#e0683a",
  [NEUTRAL]: "#23282f",
  [BETTER]: "#4f9bff",
};

/** Names that every report has. Others are hashed, so that they keep a colour too. */
const PINNED: Readonly<Record<string, string>> = {
  baseline: GREY,
  "+HW": RUST,
  "+FN": BLUE,
  "+HW+FN": GREEN,
  Exp0: GREY,
  Exp1: AMBER,
  Exp2: MAGENTA,
  Exp3: INDIGO,
  Exp4: BLUE,
  Exp5: GREEN,
  chance: GREY,
  "pixel ridge": AMBER,
  untrained: MAGENTA,
  "stage 1": BLUE,
  "stage 2": GREEN,
  image: BLUE,
  video: RUST,
  visdoc: GREEN,
  document: GREEN,
  text: GREY,
  "hardness weighting": RUST,
  "false-negative mask": BLUE,
  "learned temperature": AMBER,
};

const DASHES = ["solid", "dash", "dot", "dashdot"] as const;
const SYMBOLS = ["circle", "diamond", "square", "triangle-up"] as const;
const PATTERNS = ["", "/", ".", "x"] as const;
/** Endings that vary a configuration: its colour, another dash. */
const VARIANTS: readonly (readonly [string, number])[] = [
  [", tau learned", 1],
  [", planted", 2],
  ["-qa", 1],
  ["-classification", 2],
  ["-grounding", 3],
  ["-retrieval", 0],
];

/** The style of a name, the same on every page and in every notebook. */
export function styleOf(name: string): Style {
  if (name === "tau learned") return style(GREY, 1);
  const variant = VARIANTS.find(([ending]) => name.endsWith(ending));
  const stem = variant ? name.slice(0, -variant[0].length) : name;
  const pinned = PINNED[stem];
  if (pinned !== undefined) return style(pinned, variant?.[1] ?? 0);
  const hash = hashOf(name);
  return style(PALETTE[hash % PALETTE.length]!, 0);
}

/** Styles of names shown together: each its own, moved to a free one only where two would be equal. */
export function stylesOf(names: readonly string[]): Map<string, Style> {
  const styles = new Map<string, Style>();
  const taken = new Set<string>();
  const known = (name: string): boolean => styleKnown(name);
  // Names with a place of their own first, so that a hashed name never pushes one away.
  for (const name of [...names].sort((a, b) => Number(known(b)) - Number(known(a)))) {
    if (styles.has(name)) continue;
    let { colour, dash } = styleOf(name);
    let tries = 0;
    while (taken.has(colour + dash) && tries < PALETTE.length * DASHES.length) {
      tries++;
      const next = PALETTE.indexOf(colour) + 1;
      colour = PALETTE[next % PALETTE.length]!;
      if (tries % PALETTE.length === 0) dash = DASHES[(DASHES.indexOf(dash) + 1) % DASHES.length]!;
    }
    taken.add(colour + dash);
    styles.set(name, style(colour, DASHES.indexOf(dash)));
  }
  return new Map(names.map((name) => [name, styles.get(name)!]));
}

/** `#rrggbb` with an opacity, as `rgba()`; what bands are filled with. */
export function faded(colour: string, opacity: number): string {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${opacity})`;
}

function style(colour: string, variant: number): Style {
  return {
    colour,
    dash: DASHES[variant]!,
    symbol: SYMBOLS[variant]!,
    pattern: PATTERNS[variant]!,
  };
}

function styleKnown(name: string): boolean {
  const variant = VARIANTS.find(([ending]) => name.endsWith(ending));
  return (variant ? name.slice(0, -variant[0].length) : name) in PINNED || name === "tau learned";
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01_00_01_93) >>> 0;
  }
  return hash;
}
