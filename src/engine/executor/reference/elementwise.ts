/** @file Reference kernels: elementwise operations. */
import { decodeFloat16, encodeFloat16 } from "../../halves.ts";
import type { Shape, Tensor, TensorData } from "../../tensor.ts";
import { sameShape, sizeOf } from "../../tensor.ts";
import { broadcastOffsets, floats } from "./arrays.ts";
import type { Kernel } from "./kernels.ts";
import { erf } from "./erf.ts";

export const ELEMENTWISE: Readonly<Record<string, Kernel>> = {
  Add: arithmetic(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  Sub: arithmetic(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  Mul: arithmetic(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  Div: arithmetic(
    (a, b) => a / b,
    (a, b) => a / b,
  ),
  Max: arithmetic(
    (a, b) => Math.max(a, b),
    (a, b) => (a > b ? a : b),
  ),
  Min: arithmetic(
    (a, b) => Math.min(a, b),
    (a, b) => (a < b ? a : b),
  ),
  Neg: ({ inputs: [x] }) => [
    x!.dtype === "int64" ? (x!.data as BigInt64Array).map((v) => -v) : floats(x!).map((v) => -v),
  ],
  Abs: unary(Math.abs),
  Erf: unary(erf),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Reciprocal: unary((x) => 1 / x),
  Relu: unary((x) => Math.max(x, 0)),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Sign: unary(Math.sign),
  Sqrt: unary(Math.sqrt),
  Tanh: unary(Math.tanh),
  Clip: ({ inputs: [x, low, high] }) => {
    const [min, max] = [floats(low!)[0]!, floats(high!)[0]!];
    return [floats(x!).map((v) => Math.min(Math.max(v, min), max))];
  },
  Greater: comparison((a, b) => a > b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  Less: comparison((a, b) => a < b),
  LessOrEqual: comparison((a, b) => a <= b),
  Equal: comparison((a, b) => a === b),
  And: comparison((a, b) => a !== 0 && b !== 0),
  Or: comparison((a, b) => a !== 0 || b !== 0),
  Not: ({ inputs: [x] }) => [(x!.data as Uint8Array).map((v) => (v === 0 ? 1 : 0))],
  Where: ({ inputs: [condition, a, b], shape }) => {
    const chosen = spread(condition!, shape) as Uint8Array;
    const x = spread(a!, shape) as Float64Array;
    const y = spread(b!, shape) as Float64Array;
    return [x.map((v, i) => (chosen[i] === 0 ? y[i]! : v))];
  },
  Cast: ({ inputs: [x], attributes }) => [castTo(attributes.int("to"), x!)],
  Identity: ({ inputs: [x] }) => [x!.data],
};

function unary(f: (x: number) => number): Kernel {
  return ({ inputs: [x] }) => [floats(x!).map(f)];
}

function arithmetic(
  f: (a: number, b: number) => number,
  whole: (a: bigint, b: bigint) => bigint,
): Kernel {
  return ({ inputs: [a, b], shape }) => {
    const [x, y] = [spread(a!, shape), spread(b!, shape)];
    if (a!.dtype === "int64") {
      const [p, q] = [x as BigInt64Array, y as BigInt64Array];
      return [p.map((v, i) => BigInt.asIntN(64, whole(v, q[i]!)))];
    }
    const [p, q] = [x as Float64Array, y as Float64Array];
    const result = new Float64Array(p.length);
    for (let i = 0; i < p.length; i++) result[i] = f(p[i]!, q[i]!);
    return [result];
  };
}

function comparison(holds: (a: number | bigint, b: number | bigint) => boolean): Kernel {
  return ({ inputs: [a, b], shape }) => {
    const [x, y] = [spread(a!, shape), spread(b!, shape)];
    const result = new Uint8Array(sizeOf(shape));
    for (let i = 0; i < result.length; i++) result[i] = holds(x[i]!, y[i]!) ? 1 : 0;
    return [result];
  };
}

/** A tensor's data broadcast to `shape`. */
function spread({ data, shape: own }: Tensor, shape: Shape): TensorData {
  if (sameShape(own, shape)) return data;
  const at = broadcastOffsets(own, shape);
  const source = data as Float64Array;
  const result = new (source.constructor as Float64ArrayConstructor)(at.length);
  for (let i = 0; i < at.length; i++) result[i] = source[at[i]!]!;
  return result;
}

function castTo(type: number, { data }: Tensor): TensorData {
  const values = Array.from(data as ArrayLike<number | bigint>, Number);
  if (type === 10) return Float64Array.from(values, (v) => decodeFloat16(encodeFloat16(v)));
  if (type === 7) return BigInt64Array.from(values, (v) => BigInt(Math.trunc(v)));
  return type === 9 ? Uint8Array.from(values, (v) => (v === 0 ? 0 : 1)) : Float64Array.from(values);
}
