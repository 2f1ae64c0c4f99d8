/** @file What mask and weight rules see of a batch: every query's negatives as columns. */
import type { Graph, Value } from "../engine/index.ts";
import {
  add,
  concat,
  equal,
  matmul,
  squeeze,
  sum,
  tensor,
  unsqueeze,
  where,
} from "../engine/index.ts";

/**
 * The similarities one direction of the loss is made of. Column j is a candidate negative of each
 * query; for the columns of the batch itself, row i and column i are the same pair.
 */
export type Terms = {
  /** s(q_i, k_i): [batch, 1] */
  readonly positive: Value;
  /** s(q_i, k_j): [batch, negatives] */
  readonly similarities: Value;
  /** s(k_j, k_i), the columns against the row's own positive: [batch, negatives] */
  readonly targetSimilarities: Value;
  /** True where the column is no negative at all, i.e. is the row's positive: bool [batch, negatives] */
  readonly excluded: Value;
  /** Divides the similarities: [] or a number. */
  readonly temperature: Value | number;
};

/** Mined negatives: [negatives, dim] for every query, or [batch, negatives, dim] for its own query. */
export type HardNegatives = Value;

/** The negatives among the columns but those `excluded`, which are the rows' positives. */
export function batchTerms(
  similarities: Value,
  targetSimilarities: Value,
  excluded: Value,
  temperature: Value | number,
): Terms {
  // The positive is read off the matrix, so that a target equal to it has exactly its similarity.
  const positive = sum(where(excluded, similarities, 0), { axes: [1], keepDims: true }); // [batch, 1]
  return { positive, similarities, targetSimilarities, excluded, temperature };
}

/** Appends mined negatives as columns. */
export function withHardNegatives(
  terms: Terms,
  query: Value,
  target: Value,
  negatives: HardNegatives,
): Terms {
  return withColumns(
    terms,
    against(query, negatives),
    against(target, negatives),
    constantMask(query.graph, [query.shape[0]!, negatives.shape.at(-2)!], () => false),
  );
}

/** Appends columns to every row; all three are [batch, columns]. */
export function withColumns(
  terms: Terms,
  similarities: Value,
  targetSimilarities: Value,
  excluded: Value,
): Terms {
  return {
    ...terms,
    similarities: concat([terms.similarities, similarities], { axis: 1 }),
    targetSimilarities: concat([terms.targetSimilarities, targetSimilarities], { axis: 1 }),
    excluded: concat([terms.excluded, excluded], { axis: 1 }),
  };
}

/** bool [size, size], true on the diagonal. */
export function identity(graph: Graph, size: number): Value {
  return constantMask(graph, [size, size], (row, column) => row === column);
}

/** bool [rows, columns], true where the column is row number `start` (int64 []) plus the row. */
export function identityFrom(start: Value, [rows, columns]: readonly [number, number]): Value {
  const counted = (size: number, shape: readonly number[]): Value =>
    start.graph.constant(
      tensor(
        BigInt64Array.from({ length: size }, (_, i) => BigInt(i)),
        shape,
      ),
    );
  return equal(add(counted(rows, [rows, 1]), start), counted(columns, [1, columns]));
}

/** bool [rows, columns] known when the graph is built. */
export function constantMask(
  graph: Graph,
  [rows, columns]: readonly [number, number],
  at: (row: number, column: number) => boolean,
): Value {
  const data = new Uint8Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) data[r * columns + c] = at(r, c) ? 1 : 0;
  }
  return graph.constant(tensor(data, [rows, columns], "bool"));
}

/** Similarity of each row [batch, dim] to the mined negatives: [batch, negatives]. */
function against(rows: Value, negatives: HardNegatives): Value {
  if (negatives.shape.length === 2) return matmul(rows, negatives, { transposeB: true });
  const products = matmul(unsqueeze(rows, [1]), negatives, { transposeB: true }); // [batch, 1, negatives]
  return squeeze(products, [1]);
}
