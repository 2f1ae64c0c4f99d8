/** @file Reference kernels: operations that move elements. */
import type { Shape, TensorData } from "../../tensor.ts";
import { sizeOf } from "../../tensor.ts";
import { broadcastOffsets, floats, integers, offsets, stridesOf, take } from "./arrays.ts";
import type { Kernel } from "./kernels.ts";

export const MOVING: Readonly<Record<string, Kernel>> = {
  Reshape: ({ inputs: [x] }) => [x!.data],
  Expand: ({ inputs: [x], shape }) => [take(x!.data, broadcastOffsets(x!.shape, shape))],
  Transpose: ({ inputs: [x], attributes, shape }) => {
    const strides = stridesOf(x!.shape);
    return [
      take(
        x!.data,
        offsets(
          shape,
          attributes.ints("perm").map((p) => strides[p]!),
        ),
      ),
    ];
  },
  Slice: ({ inputs: [x, starts, , axes], shape }) => {
    const strides = stridesOf(x!.shape);
    const base = integers(starts!)[0]! * strides[integers(axes!)[0]!]!;
    return [take(x!.data, offsets(shape, strides, base))];
  },
  Split: ({ inputs: [x, sizes], attributes }) => {
    const axis = attributes.int("axis");
    const strides = stridesOf(x!.shape);
    let start = 0;
    return integers(sizes!).map((size) => {
      const at = offsets(x!.shape.with(axis, size), strides, start * strides[axis]!);
      start += size;
      return take(x!.data, at);
    });
  },
  Concat: ({ inputs, attributes, shape }) => {
    const axis = attributes.int("axis");
    const result = empty(inputs[0]!.data, sizeOf(shape));
    const strides = stridesOf(shape);
    let start = 0;
    for (const x of inputs) {
      put(result, offsets(x!.shape, strides, start * strides[axis]!), x!.data);
      start += x!.shape[axis]!;
    }
    return [result];
  },
  Pad: ({ inputs: [x, pads, value], shape }) => {
    const result = empty(x!.data, sizeOf(shape)).fill(value!.data[0] as never);
    const strides = stridesOf(shape);
    const before = integers(pads!).slice(0, shape.length);
    const base = before.reduce((sum, n, i) => sum + n * strides[i]!, 0);
    put(result, offsets(x!.shape, strides, base), x!.data);
    return [result];
  },
  Gather: ({ inputs: [table, indices], attributes, shape }) => {
    const axis = attributes.int("axis");
    return [take(table!.data, gathered(table!.shape, integers(indices!), axis, shape))];
  },
  // Along axis 0 of a matrix, reduction add: all that the engine emits.
  ScatterElements: ({ inputs: [base, indices, updates] }) => {
    const result = Float64Array.from(floats(base!));
    const width = base!.shape[1]!;
    const added = floats(updates!);
    for (const [i, row] of integers(indices!).entries())
      result[row * width + (i % width)]! += added[i]!;
    return [result];
  },
  RotaryEmbedding: ({ inputs: [x, positions, cos, sin], shape }) => {
    const [, heads, tokens, dim] = shape as readonly [number, number, number, number];
    const [data, c, s] = [floats(x!), floats(cos!), floats(sin!)];
    const rows = integers(positions!);
    const half = dim / 2;
    const result = new Float64Array(data.length);
    for (let i = 0; i < data.length; i += dim) {
      const token = (i / dim) % tokens;
      const row = rows[Math.floor(i / (dim * tokens * heads)) * tokens + token]! * half;
      for (let j = 0; j < half; j++) {
        const [a, b] = [data[i + j]!, data[i + half + j]!];
        result[i + j] = a * c[row + j]! - b * s[row + j]!;
        result[i + half + j] = b * c[row + j]! + a * s[row + j]!;
      }
    }
    return [result];
  },
  Range: ({ shape: [size] }) => [BigInt64Array.from({ length: size! }, (_, i) => BigInt(i))],
};

function empty(like: TensorData, length: number): Float64Array {
  return new (like.constructor as Float64ArrayConstructor)(length);
}

function put(target: Float64Array, at: Int32Array, data: TensorData): void {
  for (let i = 0; i < at.length; i++) target[at[i]!] = data[i] as number;
}

function gathered(table: Shape, rows: readonly number[], axis: number, shape: Shape): Int32Array {
  const size = table[axis]!;
  const wrong = rows.find((row) => !(row >= 0 && row < size));
  if (wrong !== undefined)
    throw new RangeError(`Gather: index ${wrong} is not in 0 .. ${size - 1}`);
  const inner = sizeOf(table.slice(axis + 1));
  const result = new Int32Array(sizeOf(shape));
  for (let i = 0; i < result.length; i++) {
    const outer = Math.floor(i / (inner * rows.length));
    const row = rows[Math.floor(i / inner) % rows.length]!;
    result[i] = (outer * size + row) * inner + (i % inner);
  }
  return result;
}
