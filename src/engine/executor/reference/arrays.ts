/** @file Index arithmetic that the reference kernels share. */
import type { Shape, Tensor, TensorData } from "../../tensor.ts";
import { sizeOf } from "../../tensor.ts";

/** Elements to step over for each axis of a row-major array. */
export function stridesOf(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

/** For each element of an array of `shape`, its offset in a source walked with `strides` from `base`. */
export function offsets(shape: Shape, strides: readonly number[], base = 0): Int32Array {
  const result = new Int32Array(sizeOf(shape));
  let filled = 1;
  result[0] = base;
  // From the last axis outwards: each axis repeats what is there, shifted.
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!;
    const stride = strides[axis]!;
    for (let i = 1; i < size; i++) {
      for (let j = 0; j < filled; j++) result[i * filled + j] = result[j]! + i * stride;
    }
    filled *= size;
  }
  return result;
}

/** Offsets into an array of shape `from` broadcast to `to`. */
export function broadcastOffsets(from: Shape, to: Shape): Int32Array {
  const own = stridesOf(from);
  const lead = to.length - from.length;
  const strides = to.map((_, i) => (i < lead || from[i - lead] === 1 ? 0 : own[i - lead]!));
  return offsets(to, strides);
}

/** Copies the elements at `at`, keeping the array type. */
export function take(data: TensorData, at: Int32Array): TensorData {
  const source = data as Float64Array;
  const result = new (source.constructor as Float64ArrayConstructor)(at.length);
  for (let i = 0; i < at.length; i++) result[i] = source[at[i]!]!;
  return result;
}

/** An int64 tensor as plain numbers. */
export function integers(x: Tensor): number[] {
  return Array.from(x.data as BigInt64Array, Number);
}

export function floats(x: Tensor): Float64Array {
  return x.data as Float64Array;
}
