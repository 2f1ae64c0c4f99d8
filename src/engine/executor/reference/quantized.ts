/** @file Reference kernels of 8-bit products. */
import type { Tensor } from "../../tensor.ts";
import type { Kernel } from "./kernels.ts";

export const QUANTIZED: Readonly<Record<string, Kernel>> = {
  /** Rows [rows, in], each by its own step and zero point. */
  QuantizeLinear: ({ inputs: [x, steps, zeros], shape }) => {
    const width = shape[1]!;
    const source = x!.data as Float64Array;
    return [
      Uint8Array.from(source, (value, i) => {
        const row = Math.floor(i / width);
        const whole = roundEven(value / Number(steps!.data[row])) + Number(zeros!.data[row]);
        return Math.min(255, Math.max(0, whole));
      }),
    ];
  },
  MatMulInteger: ({ inputs: [a, b, zero], shape }) => {
    const [rows, columns] = shape as readonly [number, number];
    const inner = a!.shape[1]!;
    const [left, right] = [integers(a!), integers(b!)];
    const offset = Number(zero!.data[0]);
    const result = new Int32Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < inner; i++) {
        const factor = left[row * inner + i]! - offset;
        for (let column = 0; column < columns; column++) {
          result[row * columns + column]! += factor * right[i * columns + column]!;
        }
      }
    }
    return [result];
  },
};

function integers({ data }: Tensor): Int8Array | Uint8Array {
  return data as Int8Array | Uint8Array;
}

/** As ONNX rounds: halves to the even neighbour. */
function roundEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
