/** @file What drawing a figure as SVG needs: texts, numbers, and parts of Plotly's loosely typed objects. */
import { escapeHtml, shown } from "./format.ts";

/** Pixels of a plot's frame. */
export type Box = {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
};

export function textOf(title: unknown): string {
  if (typeof title === "string") return title;
  const inner =
    typeof title === "object" && title !== null ? (title as { text?: unknown }).text : "";
  return typeof inner === "string" ? inner : "";
}

export function text(content: string, x: number, y: number, more = ""): string {
  if (content === "") return "";
  const plain = content.replaceAll(/<br\s*\/?>/g, " ").replaceAll(/<[^>]*>/g, "");
  return `<text x="${f(x)}" y="${f(y)}" ${more}>${escapeHtml(plain)}</text>`;
}

export function part(of: object, key: string): Readonly<Record<string, unknown>> {
  const inner = (of as Record<string, unknown>)[key];
  return typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>) : {};
}

/** Text of what Plotly allows in this place: words, numbers. */
export function words(value: unknown): string {
  return typeof value === "string" ? value : shown(value);
}

export function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : [];
}

export function f(value: number): string {
  return String(Math.round(value * 10) / 10);
}
