/** @file Operations that move elements and compute nothing. */
import type { Value } from "../graph.ts";
import type { Shape } from "../tensor.ts";
import { sameShape, showShape, sizeOf } from "../tensor.ts";
import {
  axisOf,
  broadcastShapes,
  dims,
  emit,
  reduceTo,
  reshapeNode,
  reshapeRoot,
  sameGraph,
} from "./emit.ts";
import { located } from "./located.ts";

/** The same elements in another shape; one size may be -1, to be worked out. */
export function reshape(x: Value, shape: Shape): Value {
  const target = resolved(x, shape);
  if (sameShape(target, x.shape)) return x;
  const root = reshapeRoot(x);
  const output = reshapeNode(root, target);
  if (output !== root && x.dtype === "float32") {
    x.graph.record([root], [output], [(g) => reshapeNode(g, root.shape)]);
  }
  return output;
}

/** Output axis i is input axis perm[i]. */
export function transpose(x: Value, perm: readonly number[]): Value {
  const rank = x.shape.length;
  const order = perm.map((p) => (p < 0 ? p + rank : p));
  if (order.length !== rank || order.toSorted((a, b) => a - b).some((p, i) => p !== i)) {
    throw located(
      new RangeError(
        `transpose: perm [${perm.join(",")}] does not order the axes of ${showShape(x.shape)}`,
      ),
    );
  }
  if (order.every((p, i) => p === i)) return x;
  const shape = order.map((p) => x.shape[p]!);
  const output = emit("Transpose", [x], shape, x.dtype, { perm: { ints: order } });
  const inverse = order.map((_, i) => order.indexOf(i));
  if (x.dtype === "float32") x.graph.record([x], [output], [(g) => transpose(g, inverse)]);
  return output;
}

export type SliceOptions = {
  readonly axis: number;
  /** Default 0. Negative positions count from the end. */
  readonly start?: number;
  /** Not included. Default the axis's size. */
  readonly end?: number;
};

/** Elements start .. end - 1 of one axis. */
export function slice(x: Value, { axis, start = 0, end }: SliceOptions): Value {
  const at = axisOf("slice", axis, x.shape.length, x.shape);
  const size = x.shape[at]!;
  const from = start < 0 ? start + size : start;
  const to = end === undefined ? size : end < 0 ? end + size : end;
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to && to <= size)) {
    throw located(
      new RangeError(
        `slice: ${start} to ${end ?? "the end"} is not within axis ${axis} of ${showShape(x.shape)}`,
      ),
    );
  }
  if (from === 0 && to === size) return x;
  const { graph } = x;
  const list = (n: number): Value => dims(graph, [n]);
  const shape = x.shape.with(at, to - from);
  const output = emit("Slice", [x, list(from), list(to), list(at)], shape, x.dtype);
  if (x.dtype === "float32") {
    graph.record([x], [output], [(g) => pad(g, { axis: at, before: from, after: size - to })]);
  }
  return output;
}

export type SplitOptions = { readonly axis: number; readonly sizes: readonly number[] };

/** Consecutive pieces of the given sizes along one axis. */
export function split(x: Value, { axis, sizes }: SplitOptions): Value[] {
  const at = axisOf("split", axis, x.shape.length, x.shape);
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total !== x.shape[at] || sizes.some((n) => !Number.isInteger(n) || n < 1)) {
    throw located(
      new RangeError(
        `split: sizes [${sizes.join(",")}] do not make up axis ${axis} of ${showShape(x.shape)}`,
      ),
    );
  }
  if (sizes.length === 1) return [x];
  const types = sizes.map((n) => ({ shape: x.shape.with(at, n), dtype: x.dtype }));
  const outputs = x.graph.node("Split", [x, dims(x.graph, sizes)], types, { axis: { int: at } });
  if (x.dtype === "float32") x.graph.record([x], outputs, [(...gs) => concat(gs, { axis: at })]);
  return [...outputs];
}

/** Joins values along one axis; all other sizes agree. */
export function concat(values: readonly Value[], { axis }: { readonly axis: number }): Value {
  const first = values[0];
  if (first === undefined) throw located(new RangeError("concat: needs at least one value"));
  sameGraph("concat", ...values);
  const at = axisOf("concat", axis, first.shape.length, first.shape);
  const sizes = values.map((v) => v.shape[at]!);
  for (const value of values) {
    if (
      value.dtype !== first.dtype ||
      !sameShape(value.shape, first.shape.with(at, value.shape[at] ?? 0))
    ) {
      throw located(
        new RangeError(
          `concat: ${first.dtype} ${showShape(first.shape)} and ${value.dtype} ${showShape(value.shape)} do not join along axis ${axis}`,
        ),
      );
    }
  }
  if (values.length === 1) return first;
  const shape = first.shape.with(
    at,
    sizes.reduce((a, b) => a + b, 0),
  );
  const output = emit("Concat", values, shape, first.dtype, { axis: { int: at } });
  if (first.dtype === "float32") {
    output.graph.record(
      values,
      [output],
      values.map((_, i) => (g) => split(g, { axis: at, sizes })[i]!),
    );
  }
  return output;
}

export type PadOptions = {
  readonly axis: number;
  readonly before?: number;
  readonly after?: number;
  /** Default 0. */
  readonly value?: number;
};

/** Adds constant elements before and after along one axis. */
export function pad(x: Value, { axis, before = 0, after = 0, value = 0 }: PadOptions): Value {
  const at = axisOf("pad", axis, x.shape.length, x.shape);
  if (![before, after].every((n) => Number.isInteger(n) && n >= 0)) {
    throw located(
      new RangeError(
        `pad: before and after must be integers from 0 up, got ${before} and ${after}`,
      ),
    );
  }
  if (before === 0 && after === 0) return x;
  const rank = x.shape.length;
  const pads = Array.from({ length: 2 * rank }, () => 0);
  pads[at] = before;
  pads[at + rank] = after;
  const size = x.shape[at]!;
  const { graph } = x;
  const inputs = [x, dims(graph, pads), graph.scalar(value, x.dtype)];
  const output = emit("Pad", inputs, x.shape.with(at, before + size + after), x.dtype);
  if (x.dtype === "float32") {
    graph.record([x], [output], [(g) => slice(g, { axis: at, start: before, end: before + size })]);
  }
  return output;
}

/** Repeats axes of size 1, and adds leading ones, up to `shape`. */
export function expand(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes("expand", x.shape, shape), shape)) {
    throw located(
      new RangeError(`expand: ${showShape(x.shape)} does not expand to ${showShape(shape)}`),
    );
  }
  const output = emit("Expand", [x, dims(x.graph, shape)], [...shape], x.dtype);
  if (x.dtype === "float32") x.graph.record([x], [output], [(g) => reduceTo(g, x.shape)]);
  return output;
}

/** Drops the given axes, which must have size 1; default all such. */
export function squeeze(x: Value, axes?: number | readonly number[]): Value {
  const rank = x.shape.length;
  const wanted = typeof axes === "number" ? [axes] : axes;
  const found = wanted?.map((a) => axisOf("squeeze", a, rank, x.shape));
  if (found?.some((a) => x.shape[a] !== 1) === true) {
    throw located(
      new RangeError(
        `squeeze: axes [${wanted!.join(",")}] of ${showShape(x.shape)} are not all of size 1`,
      ),
    );
  }
  return reshape(
    x,
    x.shape.filter((d, i) => (found === undefined ? d !== 1 : !found.includes(i))),
  );
}

/** Adds axes of size 1, which stand at the given places of the result. */
export function unsqueeze(x: Value, axes: number | readonly number[]): Value {
  const wanted = typeof axes === "number" ? [axes] : axes;
  const rank = x.shape.length + wanted.length;
  const found = new Set(wanted.map((a) => axisOf("unsqueeze", a, rank)));
  if (found.size !== wanted.length) {
    throw located(new RangeError(`unsqueeze: axes [${wanted.join(",")}] name one axis twice`));
  }
  const rest = x.shape.values();
  return reshape(
    x,
    Array.from({ length: rank }, (_, i) => (found.has(i) ? 1 : rest.next().value!)),
  );
}

function resolved(x: Value, shape: Shape): Shape {
  const open = shape.indexOf(-1);
  const known = sizeOf(shape.filter((d) => d !== -1));
  const target = open === -1 ? shape : shape.with(open, sizeOf(x.shape) / known);
  if (sizeOf(target) !== sizeOf(x.shape) || target.some((d) => !Number.isInteger(d) || d < 0)) {
    throw located(
      new RangeError(`reshape: ${showShape(x.shape)} does not fit ${showShape(shape)}`),
    );
  }
  return target;
}
