/** @file Rows picked by index, and added back where they came from. */
import { type Value, unary } from "../graph.ts";
import { sizeOf, tensor } from "../tensor.ts";
import { normalizeAxes } from "./reduce.ts";
import { reshape } from "./shape.ts";

/**
 * Slices of `table` along `axis`, one for each index.
 *
 * @param table [..., n, ...]
 * @param indices int64 of any shape, each in 0..n-1
 * @returns `table`'s shape with `axis` replaced by the shape of `indices`
 */
export function gather(table: Value, indices: Value, { axis = 0 }: { axis?: number } = {}): Value {
  const [a] = normalizeAxes("gather", table.shape, [axis]) as [number];
  if (indices.dtype !== "int64") {
    throw new TypeError(`gather: indices must be int64, got ${indices.dtype} ${indices}`);
  }
  return unary({
    type: "Gather",
    inputs: [table, indices],
    attributes: { axis: a },
    shape: [...table.shape.slice(0, a), ...indices.shape, ...table.shape.slice(a + 1)],
    dtype: table.dtype,
    gradient: (g) => {
      if (a !== 0) throw new Error(`gather: only axis 0 has a gradient, got axis ${a}`);
      return [scatterAdd(g, indices, table.shape), null];
    },
  });
}

/** Zeros of `shape` with the rows of `x` added at `indices`; repeated indices add up. */
function scatterAdd(x: Value, indices: Value, shape: readonly number[]): Value {
  const { graph } = x;
  const count = sizeOf(indices.shape);
  const zeros = unary({
    type: "ConstantOfShape",
    inputs: [graph.integers(shape)],
    shape,
  });
  return unary({
    type: "ScatterND",
    inputs: [zeros, reshape(indices, [count, 1]), reshape(x, [count, ...shape.slice(1)])],
    attributes: { reduction: "add" },
    shape,
    gradient: (g) => [null, null, gather(g, reshape(indices, [count]))],
  });
}

/** int64 indices 0..n-1 as a constant. */
export function range(of: Value, n: number): Value {
  return of.graph.constant(
    tensor(
      Array.from({ length: n }, (_, i) => i),
      [n],
      "int64",
    ),
  );
}
