/** @file Numbers and text as people read them. Fractions in, percent or points out. */
import type { Delta, Estimate } from "./types.ts";

/** What stands for "not known". */
export const NONE = "–";

/** 0.41234 -> `41.2`; no sign, no unit. */
export function percent(fraction: number | null | undefined, digits = 1): string {
  if (fraction === null || fraction === undefined || !Number.isFinite(fraction)) return NONE;
  return fixed(100 * fraction, digits);
}

/** 0.0123 -> `+1.2`: a difference of two percentages, in points. */
export function points(fraction: number | null | undefined, digits = 1): string {
  const text = percent(fraction, digits);
  return text === NONE || text.startsWith("−") ? text : `+${text}`;
}

/** `41.2 [40.1, 42.3]`, or `41.2` where there is no interval. */
export function estimate(value: Estimate | undefined): string {
  if (value === undefined) return NONE;
  const range = interval(value.low, value.high, percent);
  return range === "" ? percent(value.mean) : `${percent(value.mean)} ${range}`;
}

/** `+1.2 [0.4, 2.0]`, in points. */
export function delta(value: Delta | undefined | null): string {
  if (!value) return NONE;
  return `${points(value.mean)} ${interval(value.low, value.high, percent)}`;
}

/** `[40.1, 42.3]`; empty where an end is not known. */
export function interval(
  low: number | null,
  high: number | null,
  show: (fraction: number) => string,
): string {
  return low === null || high === null ? "" : `[${show(low)}, ${show(high)}]`;
}

/** `0.012`, `< 0.001`. */
export function probability(p: number | null | undefined): string {
  if (p === null || p === undefined || Number.isNaN(p)) return NONE;
  if (p < 0.001) return "< 0.001";
  return p < 0.1 ? p.toFixed(3) : p.toFixed(2);
}

/** `p = 0.012`, `p < 0.001`. */
export function pText(p: number): string {
  const text = probability(p);
  return text.startsWith("<") ? `p ${text}` : `p = ${text}`;
}

/** `1 h 02 min`, `3 min 05 s`, `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (h > 0) return `${h} h ${String(min).padStart(2, "0")} min`;
  return min > 0 ? `${min} min ${String(s).padStart(2, "0")} s` : `${s} s`;
}

/** Text for a place in HTML between tags or in a quoted attribute. */
export function html(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Text for a cell of a Markdown table. */
export function markdown(text: string): string {
  return text.replaceAll(/([\\|*_`<>[\]])/g, "\\$1").replaceAll(/\s+/g, " ");
}

const LATEX: Readonly<Record<string, string>> = {
  "\\": String.raw`\textbackslash{}`,
  "{": String.raw`\{`,
  "}": String.raw`\}`,
  "&": String.raw`\&`,
  "%": String.raw`\%`,
  $: String.raw`\$`,
  "#": String.raw`\#`,
  _: String.raw`\_`,
  "~": String.raw`\textasciitilde{}`,
  "^": String.raw`\textasciicircum{}`,
  "−": "$-$",
  "–": "--",
  Δ: String.raw`$\Delta$`,
  τ: String.raw`$\tau$`,
  "×": String.raw`$\times$`,
  "†": String.raw`\textsuperscript{\textdagger}`,
  "≤": String.raw`$\le$`,
  "≥": String.raw`$\ge$`,
  "<": String.raw`\textless{}`,
  ">": String.raw`\textgreater{}`,
  "→": String.raw`$\rightarrow$`,
};

/** Text for LaTeX, in text mode. */
export function latex(text: string): string {
  return text.replaceAll(/[\\{}&%$#_~^−–Δτ×†≤≥<>→]/g, (char) => LATEX[char]!);
}

/** A field of CSV: quoted where it has to be. */
export function csv(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A real minus, and never `-0.0`. */
function fixed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}
