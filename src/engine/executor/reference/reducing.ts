/** @file Reference kernels: reductions, softmax, norms and products. */
import type { Shape, Tensor } from "../../tensor.ts";
import { sizeOf } from "../../tensor.ts";
import { broadcastOffsets, floats, integers, offsets, stridesOf } from "./arrays.ts";
import type { Kernel } from "./kernels.ts";

export const REDUCING: Readonly<Record<string, Kernel>> = {
  ReduceSum: reduction(0, (sum, x) => sum + x),
  ReduceSumSquare: reduction(0, (sum, x) => sum + x * x),
  ReduceMean: reduction(
    0,
    (sum, x) => sum + x,
    (sum, count) => sum / count,
  ),
  ReduceMax: reduction(-Infinity, (top, x) => Math.max(top, x)),
  Softmax: alongAxis((row) => {
    const total = sumOfPowers(row);
    const top = largest(row);
    return row.map((x) => Math.exp(x - top) / total);
  }),
  LogSoftmax: alongAxis((row) => {
    const logs = largest(row) + Math.log(sumOfPowers(row));
    return row.map((x) => x - logs);
  }),
  LayerNormalization: ({ inputs: [x, weight, bias], attributes }) => {
    const width = x!.shape.at(-1)!;
    const rows = sizeOf(x!.shape) / width;
    const result = new Float64Array(rows * width);
    const [centers, inverses] = [new Float64Array(rows), new Float64Array(rows)];
    for (let r = 0; r < rows; r++) {
      const row = floats(x!).subarray(r * width, (r + 1) * width);
      const center = row.reduce((a, b) => a + b, 0) / width;
      const variance = row.reduce((sum, v) => sum + (v - center) ** 2, 0) / width;
      const inverse = 1 / Math.sqrt(variance + attributes.float("epsilon"));
      for (let i = 0; i < width; i++) {
        result[r * width + i] =
          (row[i]! - center) * inverse * floats(weight!)[i]! + floats(bias!)[i]!;
      }
      centers[r] = center;
      inverses[r] = inverse;
    }
    return [result, centers, inverses];
  },
  MatMul: ({ inputs: [a, b], shape }) => {
    const lead = shape.slice(0, -2);
    const [m, n] = shape.slice(-2) as [number, number];
    const k = a!.shape.at(-1)!;
    const left = broadcastOffsets(a!.shape.slice(0, -2), lead);
    const right = broadcastOffsets(b!.shape.slice(0, -2), lead);
    const result = new Float64Array(sizeOf(shape));
    for (let i = 0; i < left.length; i++) {
      const at = { data: floats(a!), from: left[i]! * m * k, rows: k, columns: 1 };
      const other = { data: floats(b!), from: right[i]! * k * n, rows: n, columns: 1 };
      multiply(at, other, [m, k, n], result.subarray(i * m * n, (i + 1) * m * n));
    }
    return [result];
  },
  Gemm: ({ inputs: [a, b, bias], attributes, shape }) => {
    const [m, n] = shape as readonly [number, number];
    const ta = attributes.int("transA", 0) === 1;
    const tb = attributes.int("transB", 0) === 1;
    const k = a!.shape[ta ? 0 : 1]!;
    const result = new Float64Array(m * n);
    multiply(matrix(a!, ta), matrix(b!, tb), [m, k, n], result);
    if (bias === undefined || bias === null) return [result];
    const at = broadcastOffsets(bias.shape, shape);
    return [result.map((x, i) => x + floats(bias)[at[i]!]!)];
  },
};

type Matrix = {
  readonly data: Float64Array;
  readonly from: number;
  /** Elements from one row, one column to the next. */
  readonly rows: number;
  readonly columns: number;
};

function matrix({ data, shape }: Tensor, transposed: boolean): Matrix {
  const own = { data: data as Float64Array, from: 0 };
  const width = shape[1]!;
  return transposed ? { ...own, rows: 1, columns: width } : { ...own, rows: width, columns: 1 };
}

function multiply(
  a: Matrix,
  b: Matrix,
  [m, k, n]: readonly [number, number, number],
  out: Float64Array,
): void {
  for (let i = 0; i < m; i++) {
    for (let l = 0; l < k; l++) {
      const x = a.data[a.from + i * a.rows + l * a.columns]!;
      let at = b.from + l * b.rows;
      for (let j = 0; j < n; j++) {
        out[i * n + j]! += x * b.data[at]!;
        at += b.columns;
      }
    }
  }
}

function reduction(
  start: number,
  step: (result: number, x: number) => number,
  end: (result: number, count: number) => number = (result) => result,
): Kernel {
  return ({ inputs: [x, axes], shape }) => {
    const over = new Set(integers(axes!));
    const kept: Shape = x!.shape.map((d, i) => (over.has(i) ? 1 : d));
    const to = broadcastOffsets(kept, x!.shape);
    const result = new Float64Array(sizeOf(shape)).fill(start);
    const integer = x!.dtype === "int64";
    const data = integer ? Float64Array.from(x!.data as BigInt64Array, Number) : floats(x!);
    for (let i = 0; i < data.length; i++) result[to[i]!] = step(result[to[i]!]!, data[i]!);
    const done = result.map((sum) => end(sum, data.length / result.length));
    return [integer ? BigInt64Array.from(done, BigInt) : done];
  };
}

/** Applies `f` to every row of elements along the axis. */
function alongAxis(f: (row: Float64Array) => Float64Array): Kernel {
  return ({ inputs: [x], attributes, shape }) => {
    const axis = attributes.int("axis");
    const size = shape[axis]!;
    const strides = stridesOf(shape);
    const starts = offsets(shape.with(axis, 1), strides);
    const [data, result] = [floats(x!), new Float64Array(sizeOf(shape))];
    for (const start of starts) {
      const row = new Float64Array(size);
      for (let i = 0; i < size; i++) row[i] = data[start + i * strides[axis]!]!;
      for (const [i, y] of f(row).entries()) result[start + i * strides[axis]!] = y;
    }
    return [result];
  };
}

function largest(row: Float64Array): number {
  return row.reduce((a, b) => Math.max(a, b), -Infinity);
}

function sumOfPowers(row: Float64Array): number {
  const top = largest(row);
  return row.reduce((sum, x) => sum + Math.exp(x - top), 0);
}
