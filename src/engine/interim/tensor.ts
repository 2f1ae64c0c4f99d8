/** @file Numbers with a shape and a type, as they go in and out of a graph. */

export type DType = "float32" | "int64" | "bool";
export type Shape = readonly number[];
export type TensorData = Float32Array | Float64Array | BigInt64Array | Uint8Array;

/** Row-major values. `float32` is held in f64 by the reference executor; `bool` is one byte a value. */
export type Tensor = { readonly dtype: DType; readonly shape: Shape; readonly data: TensorData };

/** Number of values of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}

/**
 * A tensor from numbers.
 *
 * @param data values in row-major order; plain arrays are converted
 * @throws RangeError if the number of values is not that of the shape
 */
export function tensor(
  data: TensorData | readonly number[],
  shape: Shape = [data.length],
  dtype: DType = dtypeOf(data),
): Tensor {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(
      `tensor: shape [${shape}] holds ${sizeOf(shape)} values, got ${data.length}`,
    );
  }
  return { dtype, shape, data: Array.isArray(data) ? convert(data, dtype) : (data as TensorData) };
}

function dtypeOf(data: TensorData | readonly number[]): DType {
  if (data instanceof BigInt64Array) return "int64";
  return data instanceof Uint8Array ? "bool" : "float32";
}

function convert(data: readonly number[], dtype: DType): TensorData {
  if (dtype === "int64") return BigInt64Array.from(data, BigInt);
  return dtype === "bool" ? Uint8Array.from(data) : Float32Array.from(data);
}

/** Row-major strides of a shape. */
export function stridesOf(shape: Shape): number[] {
  const strides = Array.from<number>({ length: shape.length });
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i]!;
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}
