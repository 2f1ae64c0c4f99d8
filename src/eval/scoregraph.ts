/** @file The graph of the engine scorer: products of candidates and queries, counted where they arise. */
import type { Value } from "../engine/index.ts";
import {
  cast,
  equal,
  Graph,
  greaterOrEqual,
  matmul,
  max,
  reshape,
  slice,
  sum,
} from "../engine/index.ts";

/** Queries of a block whose ties are counted: enough to notice a broken encoder, next to no work. */
export const TIE_SAMPLE = 64;

/** The shapes of one run; JSON of it names the compiled graph. */
export type Product = {
  /** Candidates a product, and how many products. */
  readonly rows: number;
  readonly parts: number;
  readonly queries: number;
  readonly dim: number;
  /** Positives a query to count against; 0 asks for the scores themselves. */
  readonly slots: number;
  /** Candidates a maximum; 0 asks for none. */
  readonly block: number;
};

/**
 * Scores lie as [candidates, queries]: maxima and counts then run down columns, which is the fast
 * direction. Inputs `chunk<part>`, `queries`, `own0` ... [1, queries]; outputs `scores`, or
 * `count<slot>/<part>`, `ties/<part>` and `top<part>`: sums over parts would be computed last, when all
 * parts' scores have left the cache.
 */
export function buildGraph(bucket: string): Graph {
  const { rows, parts, queries: width, dim, slots, block } = JSON.parse(bucket) as Product;
  const graph = new Graph();
  const queries = graph.input("queries", [width, dim]);
  const owns = Array.from({ length: slots }, (_, slot) => graph.input(`own${slot}`, [1, width]));
  const count = (name: string, mask: Value): void =>
    graph.output(name, sum(cast(mask, "float32"), { axes: [0] })); // [queries]
  const sample = (value: Value): Value => slice(value, { axis: 1, start: 0, end: TIE_SAMPLE });
  for (let part = 0; part < parts; part++) {
    const chunk = graph.input(`chunk${part}`, [rows, dim]);
    const scores = matmul(chunk, queries, { transposeB: true }); // [rows, queries]
    if (slots === 0) graph.output("scores", scores);
    for (const [slot, own] of owns.entries()) {
      count(`count${slot}/${part}`, greaterOrEqual(scores, own));
    }
    if (block === 0) continue;
    count(`ties/${part}`, equal(sample(scores), sample(owns[0]!)));
    graph.output(`top${part}`, max(reshape(scores, [rows / block, block, width]), { axes: [1] }));
  }
  return graph;
}
