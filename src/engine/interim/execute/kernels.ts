/** @file What each ONNX node computes, in f64: the definition the other executors are held to. */
import type { Attributes } from "../graph.ts";
import { type Shape, type Tensor, type TensorData, sizeOf, stridesOf } from "../tensor.ts";

type Kernel = (inputs: readonly Tensor[], attributes: Attributes, shape: Shape) => TensorData[];
type Floats = Float64Array;

const floats = (x: Tensor): Floats => x.data as Floats;
const ints = (x: Tensor): number[] => Array.from(x.data as BigInt64Array, Number);

/** For each position of `to`, the position of `from` (broadcast to it) that it reads. */
function broadcastIndex(from: Shape, to: Shape): (i: number) => number {
  if (from.length === to.length && from.every((n, i) => n === to[i])) return (i) => i;
  const strides = stridesOf(from).map((step, i) => (from[i] === 1 ? 0 : step));
  const outer = stridesOf(to);
  const lead = to.length - from.length;
  return (i) => {
    let at = 0;
    for (let axis = 0; axis < from.length; axis++) {
      at += (Math.floor(i / outer[axis + lead]!) % to[axis + lead]!) * strides[axis]!;
    }
    return at;
  };
}

const unary =
  (f: (x: number) => number): Kernel =>
  ([x]) => [floats(x!).map(f)];

const binary =
  (f: (a: number, b: number) => number): Kernel =>
  ([a, b], _, shape) => {
    const [ia, ib] = [broadcastIndex(a!.shape, shape), broadcastIndex(b!.shape, shape)];
    const [x, y] = [floats(a!), floats(b!)];
    return [Float64Array.from({ length: sizeOf(shape) }, (_, i) => f(x[ia(i)]!, y[ib(i)]!))];
  };

const test =
  (f: (a: number, b: number) => boolean): Kernel =>
  ([a, b], _, shape) => {
    const [ia, ib] = [broadcastIndex(a!.shape, shape), broadcastIndex(b!.shape, shape)];
    const at = (x: Tensor, i: number) => Number(x.data[i]);
    return [
      Uint8Array.from({ length: sizeOf(shape) }, (_, i) => Number(f(at(a!, ia(i)), at(b!, ib(i))))),
    ];
  };

const reduce =
  (
    start: number,
    f: (sum: number, x: number) => number,
    end: (sum: number, n: number) => number,
  ): Kernel =>
  ([x], _, shape) => {
    const result = new Float64Array(sizeOf(shape)).fill(start);
    const to = broadcastIndex(shape, x!.shape);
    const data = floats(x!);
    for (let i = 0; i < data.length; i++) result[to(i)] = f(result[to(i)]!, data[i]!);
    return [result.map((sum) => end(sum, data.length / result.length))];
  };

/** Copies `x` through a map from result position to source position; -1 leaves the start value. */
function pick(x: Tensor, length: number, from: (i: number) => number): TensorData {
  const result = new (x.data.constructor as Float64ArrayConstructor)(length);
  for (let i = 0; i < length; i++) {
    const at = from(i);
    if (at >= 0) result[i] = (x.data as Floats)[at]!;
  }
  return result;
}

/** Position along each axis -> flat position, for a walk over `shape`. */
function walk(shape: Shape, visit: (position: readonly number[]) => number): (i: number) => number {
  const strides = stridesOf(shape);
  return (i) => visit(shape.map((n, axis) => Math.floor(i / strides[axis]!) % n));
}

function flat(position: readonly number[], shape: Shape): number {
  return position.reduce((at, p, axis) => at * shape[axis]! + p, 0);
}

/** Batched product of [.., m, k] and [.., k, n]. */
const matmul: Kernel = ([a, b], _, shape) => {
  const [m, n] = shape.slice(-2) as [number, number];
  const k = a!.shape.at(-1)!;
  const lead = shape.slice(0, -2);
  const [ia, ib] = [
    broadcastIndex(a!.shape.slice(0, -2), lead),
    broadcastIndex(b!.shape.slice(0, -2), lead),
  ];
  const [x, y] = [floats(a!), floats(b!)];
  const result = new Float64Array(sizeOf(shape));
  for (let batch = 0; batch < sizeOf(lead); batch++) {
    const [oa, ob] = [ia(batch) * m * k, ib(batch) * k * n];
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let l = 0; l < k; l++) total += x[oa + i * k + l]! * y[ob + l * n + j]!;
        result[(batch * m + i) * n + j] = total;
      }
    }
  }
  return [result];
};

function transposed(x: Tensor, yes: boolean): Tensor {
  if (!yes) return x;
  const [rows, columns] = x.shape as [number, number];
  const data = pick(x, rows * columns, (i) => (i % rows) * columns + Math.floor(i / rows));
  return { dtype: x.dtype, shape: [columns, rows], data };
}

const gemm: Kernel = ([a, b, bias], { transA, transB }, shape) => {
  const product = matmul(
    [transposed(a!, transA === 1), transposed(b!, transB === 1)],
    {},
    shape,
  )[0] as Floats;
  if (bias === undefined) return [product];
  const from = broadcastIndex(bias.shape, shape);
  return [product.map((x, i) => x + floats(bias)[from(i)]!)];
};

const softmax: Kernel = ([x], { axis }, shape) => {
  const data = floats(x!);
  const step = stridesOf(shape)[axis as number]!;
  const size = shape[axis as number]!;
  const result = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    if (Math.floor(i / step) % size !== 0) continue;
    const at = Array.from({ length: size }, (_, j) => i + j * step);
    const top = Math.max(...at.map((j) => data[j]!));
    const total = at.reduce((sum, j) => sum + Math.exp(data[j]! - top), 0);
    for (const j of at) result[j] = Math.exp(data[j]! - top) / total;
  }
  return [result];
};

const layerNorm: Kernel = ([x, weight, bias], { epsilon }) => {
  const width = x!.shape.at(-1)!;
  const data = floats(x!);
  const rows = data.length / width;
  const [y, means, inverses] = [
    new Float64Array(data.length),
    new Float64Array(rows),
    new Float64Array(rows),
  ];
  for (let r = 0; r < rows; r++) {
    const row = data.subarray(r * width, (r + 1) * width);
    const mu = row.reduce((sum, v) => sum + v, 0) / width;
    const variance = row.reduce((sum, v) => sum + (v - mu) ** 2, 0) / width;
    means[r] = mu;
    inverses[r] = 1 / Math.sqrt(variance + (epsilon as { float: number }).float);
    for (let i = 0; i < width; i++) {
      y[r * width + i] = (row[i]! - mu) * inverses[r]! * floats(weight!)[i]! + floats(bias!)[i]!;
    }
  }
  return [y, means, inverses];
};

const slice: Kernel = ([x, start, , axis], _, shape) => {
  const [from] = ints(start!);
  const [along] = ints(axis!);
  const at = (p: readonly number[]) =>
    flat(
      p.map((n, i) => (i === along ? n + from! : n)),
      x!.shape,
    );
  return [pick(x!, sizeOf(shape), walk(shape, at))];
};

const split: Kernel = ([x, sizes], { axis }) => {
  const a = axis as number;
  let start = 0;
  return ints(sizes!).map((size) => {
    const from = start;
    start += size;
    const shape = x!.shape.map((n, i) => (i === a ? size : n));
    const at = (p: readonly number[]) =>
      flat(
        p.map((n, i) => (i === a ? n + from : n)),
        x!.shape,
      );
    return pick(x!, sizeOf(shape), walk(shape, at));
  });
};

const pad: Kernel = ([x, pads], _, shape) => {
  const before = ints(pads!);
  const at = (p: readonly number[]) => {
    const source = p.map((n, i) => n - before[i]!);
    return source.every((n, i) => n >= 0 && n < x!.shape[i]!) ? flat(source, x!.shape) : -1;
  };
  return [pick(x!, sizeOf(shape), walk(shape, at))];
};

const concat: Kernel = (inputs, { axis }, shape) => {
  const result = new (inputs[0]!.data.constructor as Float64ArrayConstructor)(sizeOf(shape));
  let start = 0;
  for (const x of inputs) {
    const to = walk(x.shape, (p) =>
      flat(
        p.map((n, i) => (i === axis ? n + start : n)),
        shape,
      ),
    );
    for (let i = 0; i < x.data.length; i++) result[to(i)] = (x.data as Floats)[i]!;
    start += x.shape[axis as number]!;
  }
  return [result];
};

const gather: Kernel = ([table, indices], { axis }, shape) => {
  const a = axis as number;
  const inner = sizeOf(table!.shape.slice(a + 1));
  const count = indices!.data.length;
  const size = table!.shape[a]!;
  const at = ints(indices!);
  const bad = at.find((i) => i < 0 || i >= size);
  if (bad !== undefined)
    throw new RangeError(`gather: index ${bad} is out of range for ${size} rows`);
  const from = (i: number) => {
    const outer = Math.floor(i / (inner * count));
    return (outer * size + at[Math.floor(i / inner) % count]!) * inner + (i % inner);
  };
  return [pick(table!, sizeOf(shape), from)];
};

const scatter: Kernel = ([base, indices, updates]) => {
  const result = Float64Array.from(floats(base!));
  const width = sizeOf(base!.shape.slice(1));
  const add = floats(updates!);
  for (const [row, to] of ints(indices!).entries()) {
    for (let i = 0; i < width; i++) result[to * width + i]! += add[row * width + i]!;
  }
  return [result];
};

const where: Kernel = ([condition, a, b], _, shape) => {
  const at = [condition!, a!, b!].map((x) => broadcastIndex(x.shape, shape));
  const result = new (a!.data.constructor as Float64ArrayConstructor)(sizeOf(shape));
  for (let i = 0; i < result.length; i++) {
    const [x, from] = condition!.data[at[0]!(i)] ? [a!, at[1]!] : [b!, at[2]!];
    result[i] = (x.data as Floats)[from(i)]!;
  }
  return [result];
};

const cast: Kernel = ([x], { to }) => {
  const values = Array.from(x!.data as Floats, Number);
  if (to === 7) return [BigInt64Array.from(values, (v) => BigInt(Math.trunc(v)))];
  return [to === 9 ? Uint8Array.from(values, (v) => Number(v !== 0)) : Float64Array.from(values)];
};

/** Abramowitz and Stegun 7.1.5 (series) and the continued fraction of erfc: 1e-15 everywhere. */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z < 2.5) {
    let [term, total] = [z, z];
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total) && n < 200; n++) {
      term *= -(z * z) / n;
      total += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * total) / Math.sqrt(Math.PI);
  }
  if (z > 6) return Math.sign(x);
  let fraction = 0;
  for (let n = 120; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / ((z + fraction) * Math.sqrt(Math.PI)));
}

const transpose: Kernel = ([x], { perm }, shape) => {
  const axes = perm as readonly number[];
  const at = (p: readonly number[]) =>
    flat(
      x!.shape.map((_, axis) => p[axes.indexOf(axis)]!),
      x!.shape,
    );
  return [pick(x!, sizeOf(shape), walk(shape, at))];
};

const expand: Kernel = ([x], _, shape) => [
  pick(x!, sizeOf(shape), broadcastIndex(x!.shape, shape)),
];

export const KERNELS: Readonly<Record<string, Kernel>> = {
  Abs: unary(Math.abs),
  Add: binary((a, b) => a + b),
  And: test((a, b) => a !== 0 && b !== 0),
  Cast: cast,
  Clip: ([x, low, high]) => [
    floats(x!).map((v) => Math.min(Math.max(v, floats(low!)[0]!), floats(high!)[0]!)),
  ],
  Concat: concat,
  ConstantOfShape: (_, __, shape) => [new Float64Array(sizeOf(shape))],
  Div: binary((a, b) => a / b),
  Equal: test((a, b) => a === b),
  Erf: unary(erf),
  Exp: unary(Math.exp),
  Expand: expand,
  Gather: gather,
  Gemm: gemm,
  Greater: test((a, b) => a > b),
  GreaterOrEqual: test((a, b) => a >= b),
  Identity: ([x]) => [x!.data],
  LayerNormalization: layerNorm,
  Less: test((a, b) => a < b),
  LessOrEqual: test((a, b) => a <= b),
  Log: unary(Math.log),
  MatMul: matmul,
  Max: binary(Math.max),
  Min: binary(Math.min),
  Mul: binary((a, b) => a * b),
  Neg: unary((x) => -x),
  Not: ([x]) => [(x!.data as Uint8Array).map((v) => Number(v === 0))],
  Or: test((a, b) => a !== 0 || b !== 0),
  Pad: pad,
  Reciprocal: unary((x) => 1 / x),
  ReduceMax: reduce(
    -Infinity,
    (top, x) => (top >= x ? top : x),
    (top) => top,
  ),
  ReduceMean: reduce(
    0,
    (sum, x) => sum + x,
    (sum, n) => sum / n,
  ),
  ReduceSum: reduce(
    0,
    (sum, x) => sum + x,
    (sum) => sum,
  ),
  Relu: unary((x) => Math.max(x, 0)),
  Reshape: ([x]) => [x!.data],
  ScatterND: scatter,
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Sign: unary(Math.sign),
  Slice: slice,
  Softmax: softmax,
  Split: split,
  Sqrt: unary(Math.sqrt),
  Sub: binary((a, b) => a - b),
  Tanh: unary(Math.tanh),
  Transpose: transpose,
  Where: where,
};
