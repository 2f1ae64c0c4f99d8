/** @file Tensors: plain data with a shape, what goes into a graph and comes out of it. */

import { encodeFloat16 } from "./halves.ts";

/**
 * Element types a value may have. `bool` is stored as Uint8Array of 0 and 1. The last four are how frozen
 * weights and their products are kept; only casts and `ops/frozen.ts` read them.
 */
export type DType = "float32" | "int64" | "bool" | "float16" | "int8" | "uint8" | "int32";

export type Shape = readonly number[];

/** Float64Array stands for "float32" too: the reference executor computes in f64. A float16 is its bits. */
export type TensorData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Int8Array
  | Int32Array;

/** Row-major data; `data.length` is the product of `shape`. */
export type Tensor = {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TensorData;
};

/**
 * Parameters by name, and beside them the optimiser's `adam.m/<name>`, `adam.v/<name>`, the number of
 * updates `adam.step` [], and `adam.step/<name>` [] for parameters that had fewer.
 */
export type State = Map<string, Tensor>;

/**
 * A tensor of `data`, which is kept (not copied) where its array type already fits `dtype`.
 *
 * Without `dtype` the data decides: bigints are int64, a Uint8Array is bool, all else is
 * float32. Numbers are converted.
 */
export function tensor(
  data: TensorData | ArrayLike<number | bigint>,
  shape: Shape,
  dtype: DType = dtypeOf(data),
): Tensor {
  const size = sizeOf(shape);
  if (shape.some((d) => !Number.isInteger(d) || d < 0)) {
    throw new RangeError(`tensor: shape must be integers from 0 up, got ${showShape(shape)}`);
  }
  if (data.length !== size) {
    throw new RangeError(
      `tensor: shape ${showShape(shape)} holds ${size} elements, got ${data.length}`,
    );
  }
  return { dtype, shape: [...shape], data: convert(data, dtype) };
}

/** All zeros. */
export function zeros(shape: Shape, dtype: DType = "float32"): Tensor {
  return { dtype, shape: [...shape], data: allocate(dtype, sizeOf(shape)) };
}

/** A tensor of shape []. */
export function scalar(x: number | bigint, dtype: DType = "float32"): Tensor {
  return tensor([x], [], dtype);
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const d of shape) size *= d;
  return size;
}

/** `[4,2]`, as error messages show shapes. */
export function showShape(shape: Shape): string {
  return `[${shape.join(",")}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** Data of `length` zeros in the array type of `dtype`. */
export function allocate(dtype: DType, length: number): TensorData {
  return new ARRAYS[dtype](length);
}

function dtypeOf(data: ArrayLike<number | bigint>): DType {
  if (data instanceof BigInt64Array || typeof data[0] === "bigint") return "int64";
  return data instanceof Uint8Array ? "bool" : "float32";
}

const ARRAYS = {
  float32: Float32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  float16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int32: Int32Array,
} as const;

function convert(data: ArrayLike<number | bigint>, dtype: DType): TensorData {
  if (data instanceof ARRAYS[dtype]) return data;
  if (dtype === "int64") return BigInt64Array.from(data, BigInt);
  if (dtype === "bool") return Uint8Array.from(data, (x) => (Number(x) === 0 ? 0 : 1));
  if (dtype === "float32") {
    return data instanceof Float64Array ? data : Float32Array.from(data, Number);
  }
  const numbers = Array.from(data, Number);
  return dtype === "float16"
    ? Uint16Array.from(numbers, encodeFloat16)
    : ARRAYS[dtype].from(numbers);
}
