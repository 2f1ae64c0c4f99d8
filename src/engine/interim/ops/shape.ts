/** @file Values moved, never changed. */
import { type Value, unary } from "../graph.ts";
import { type Shape, sameShape, sizeOf } from "../tensor.ts";
import { broadcastShape } from "./elementwise.ts";
import { normalizeAxes, reduceTo } from "./reduce.ts";

/** The same values in another shape; one size may be -1. */
export function reshape(x: Value, shape: Shape): Value {
  const known = shape.reduce((product, n) => (n === -1 ? product : product * n), 1);
  const target = shape.map((n) => (n === -1 ? sizeOf(x.shape) / known : n));
  if (shape.filter((n) => n === -1).length > 1 || sizeOf(target) !== sizeOf(x.shape)) {
    throw new RangeError(`reshape: [${x.shape}] does not fit [${shape}]`);
  }
  if (sameShape(x.shape, target)) return x;
  // A reshape of a reshape needs only the last.
  const source = x.node?.type === "Reshape" ? x.node.inputs[0]! : x;
  if (sameShape(source.shape, target)) return source;
  return unary({
    type: "Reshape",
    inputs: [source, x.graph.integers(target)],
    shape: target,
    dtype: x.dtype,
    gradient: (g) => [reshape(g, source.shape), null],
  });
}

/** Axes in another order: axis i of the result is axis `permutation[i]` of `x`. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  const axes = [...permutation].sort((a, b) => a - b);
  if (permutation.length !== x.shape.length || axes.some((axis, i) => axis !== i)) {
    throw new RangeError(`transpose: [${permutation}] does not permute the axes of [${x.shape}]`);
  }
  if (permutation.every((axis, i) => axis === i)) return x;
  const inverse = permutation.map((_, i) => permutation.indexOf(i));
  return unary({
    type: "Transpose",
    inputs: [x],
    attributes: { perm: permutation },
    shape: permutation.map((axis) => x.shape[axis]!),
    dtype: x.dtype,
    gradient: (g) => [transpose(g, inverse)],
  });
}

/** Rows `start` (inclusive) to `end` (exclusive) of one axis. */
export function slice(
  x: Value,
  { axis, start, end }: { axis: number; start: number; end: number },
): Value {
  const [a] = normalizeAxes("slice", x.shape, [axis]) as [number];
  const size = x.shape[a]!;
  if (!(0 <= start && start < end && end <= size)) {
    throw new RangeError(`slice: ${start}..${end} is not within axis ${axis} of [${x.shape}]`);
  }
  if (start === 0 && end === size) return x;
  const { graph } = x;
  return unary({
    type: "Slice",
    inputs: [x, graph.integers([start]), graph.integers([end]), graph.integers([a])],
    shape: x.shape.map((n, i) => (i === a ? end - start : n)),
    dtype: x.dtype,
    gradient: (g) => [pad(g, { axis: a, before: start, after: size - end }), null, null, null],
  });
}

/** Zeros before and after along one axis. */
export function pad(
  x: Value,
  { axis, before, after }: { axis: number; before: number; after: number },
): Value {
  const [a] = normalizeAxes("pad", x.shape, [axis]) as [number];
  if (!(before >= 0 && after >= 0)) {
    throw new RangeError(`pad: expected sizes >= 0, got ${before} and ${after}`);
  }
  if (before + after === 0) return x;
  const size = x.shape[a]!;
  const at = (n: number) => x.shape.map((_, i) => (i === a ? n : 0));
  return unary({
    type: "Pad",
    inputs: [x, x.graph.integers([...at(before), ...at(after)])],
    shape: x.shape.map((n, i) => (i === a ? n + before + after : n)),
    gradient: (g) => [slice(g, { axis: a, start: before, end: before + size }), null],
  });
}

/** One value cut along `axis` into parts of the given sizes. */
export function split(
  x: Value,
  { axis, sizes }: { axis: number; sizes: readonly number[] },
): Value[] {
  const [a] = normalizeAxes("split", x.shape, [axis]) as [number];
  const total = sizes.reduce((sum, n) => sum + n, 0);
  if (total !== x.shape[a]) {
    throw new RangeError(
      `split: sizes [${sizes}] add up to ${total}, axis ${axis} of [${x.shape}] differs`,
    );
  }
  if (sizes.length === 1) return [x];
  const { graph } = x;
  const shapes = sizes.map((size) => x.shape.map((n, i) => (i === a ? size : n)));
  return graph.node({
    type: "Split",
    inputs: [x, graph.integers(sizes)],
    attributes: { axis: a },
    outputs: shapes.map((shape) => ({ shape, dtype: x.dtype })),
    gradient: (_, __, all) => {
      const parts = all.map((g, i) => g ?? expand(graph.scalar(0), shapes[i]!));
      return [concat(parts, { axis: a }), null];
    },
  });
}

/** Values one after another along `axis`; the other axes agree. */
export function concat(values: readonly Value[], { axis }: { axis: number }): Value {
  const first = values[0];
  if (first === undefined) throw new RangeError("concat: expected at least one value");
  const [a] = normalizeAxes("concat", first.shape, [axis]) as [number];
  for (const value of values) {
    const fits =
      value.shape.length === first.shape.length &&
      value.shape.every((n, i) => i === a || n === first.shape[i]);
    if (!fits) {
      throw new RangeError(
        `concat: [${first.shape}] and [${value.shape}] differ beyond axis ${axis}`,
      );
    }
  }
  if (values.length === 1) return first;
  const sizes = values.map((value) => value.shape[a]!);
  return unary({
    type: "Concat",
    inputs: values,
    attributes: { axis: a },
    shape: first.shape.map((n, i) => (i === a ? sizes.reduce((s, m) => s + m, 0) : n)),
    dtype: first.dtype,
    gradient: (g) => split(g, { axis: a, sizes }),
  });
}

/** Repeats axes of size 1, and adds leading ones, up to `shape`. */
export function expand(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShape("expand", x.shape, shape), shape)) {
    throw new RangeError(`expand: [${x.shape}] does not broadcast to [${shape}]`);
  }
  return unary({
    type: "Expand",
    inputs: [x, x.graph.integers(shape)],
    shape,
    dtype: x.dtype,
    gradient: (g) => [reduceTo(g, x.shape), null],
  });
}

/** Without the named axes of size 1. */
export function squeeze(x: Value, axes: readonly number[]): Value {
  const gone = normalizeAxes("squeeze", x.shape, axes);
  for (const axis of gone) {
    if (x.shape[axis] !== 1) throw new RangeError(`squeeze: axis ${axis} of [${x.shape}] is not 1`);
  }
  return reshape(
    x,
    x.shape.filter((_, i) => !gone.includes(i)),
  );
}

/** With axes of size 1 at the named places of the result. */
export function unsqueeze(x: Value, axes: readonly number[]): Value {
  const rank = x.shape.length + axes.length;
  const added = normalizeAxes(
    "unsqueeze",
    Array.from({ length: rank }, () => 1),
    axes,
  );
  const rest = [...x.shape];
  return reshape(
    x,
    Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : rest.shift()!)),
  );
}
