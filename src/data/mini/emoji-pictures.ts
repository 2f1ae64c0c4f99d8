/** @file Pictures as queries and candidates, and how many of them a task asks. */
import type { Split } from "../types.ts";
import type { Concept, Style } from "./concepts.ts";
import { rasterPath } from "./emoji-rasters.ts";

/** Most queries of a task by split. */
export const QUERY_CAP: Readonly<Record<Split, number>> = { train: 5000, dev: 200, test: 500 };
export type Picture = { readonly concept: Concept; readonly style: Style };

/** Candidates are named by their path, as in MMEB; a query about one picture takes the same id. */
export function pictureId({ concept, style }: Picture): string {
  return rasterPath(style.id, concept.hex);
}

export function picture(of: Picture): { image: string } {
  return { image: rasterPath(of.style.id, of.concept.hex) };
}

export function picturesOf(concepts: readonly Concept[], styles: readonly Style[]): Picture[] {
  return concepts.flatMap((concept) => styles.map((style) => ({ concept, style })));
}

/** Ids of all pictures of a style: the local pool of a retrieval query. */
export function poolOf(concepts: readonly Concept[], style: Style): string[] {
  return concepts.map((concept) => pictureId({ concept, style }));
}

/** The concepts of one split. */
export type Part = { readonly concepts: readonly Concept[]; readonly split: Split };
