/** @file ONNX operators as TensorFlow.js computes them. Integers are not here: see backend.ts. */
import type * as core from "@tensorflow/tfjs-core";
import type { Shape, Tensor } from "../../tensor.ts";
import { integers } from "../reference/arrays.ts";
import type { KernelAttributes } from "../reference/kernels.ts";
import type { Tf } from "./library.ts";

/** A value: on the device unless it is int64, at hand if it is int64 or a constant. */
export type Operand = { readonly device: core.Tensor | null; readonly host: Tensor | null };

export type TfKernelCall = {
  readonly inputs: readonly (Operand | null)[];
  readonly attributes: KernelAttributes;
  /** Of the first output. */
  readonly shape: Shape;
};

/** The tensors of each output. */
export type TfKernel = (call: TfKernelCall) => core.Tensor[];

/** By ONNX operator. */
export function tfKernels(tf: Tf): Readonly<Record<string, TfKernel>> {
  const unary =
    (f: (x: core.Tensor) => core.Tensor): TfKernel =>
    ({ inputs: [x] }) => [f(on(x))];
  const binary =
    (f: (a: core.Tensor, b: core.Tensor) => core.Tensor): TfKernel =>
    ({ inputs: [a, b] }) => [f(on(a), on(b))];
  const reduction =
    (f: (x: core.Tensor, axes: number[]) => core.Tensor): TfKernel =>
    ({ inputs: [x, axes], shape }) => {
      const over = list(axes);
      return [over.length === 0 ? tf.clone(on(x)) : tf.reshape(f(on(x), over), [...shape])];
    };
  /**
   * The wasm backend keeps what it made of a right-hand side by the tensor's data, which a reshaped
   * tensor shares: the second of two products with two shapes of it comes out wrong, without a word.
   */
  const ownData = (b: core.Tensor): core.Tensor => (tf.getBackend() === "wasm" ? tf.mul(b, 1) : b);
  const product = (a: core.Tensor, b: core.Tensor, ta = false, tb = false): core.Tensor =>
    // Transposed first: only plain products have a fast kernel on wasm.
    tf.matMul(ta ? tf.transpose(a) : a, ownData(tb ? tf.transpose(b) : b));
  /** The rows that positions name: [batch, 1, tokens, width] */
  const rowsAt = (table: core.Tensor, { shape, data }: Tensor): core.Tensor => {
    const rows = tf.gather(table, tf.tensor1d(Int32Array.from(data, Number), "int32"));
    return tf.reshape(rows, [shape[0]!, 1, shape[1]!, table.shape[1]!]);
  };

  return {
    Add: binary(tf.add),
    Sub: binary(tf.sub),
    Mul: binary(tf.mul),
    Div: binary(tf.div),
    Max: binary(tf.maximum),
    Min: binary(tf.minimum),
    Neg: unary(tf.neg),
    Abs: unary(tf.abs),
    Erf: unary(tf.erf),
    Exp: unary(tf.exp),
    Log: unary(tf.log),
    Reciprocal: unary(tf.reciprocal),
    Relu: unary(tf.relu),
    Sigmoid: unary(tf.sigmoid),
    Sign: unary(tf.sign),
    Sqrt: unary(tf.sqrt),
    Tanh: unary(tf.tanh),
    Clip: ({ inputs: [x, low, high] }) => [tf.minimum(tf.maximum(on(x), on(low)), on(high))],
    Greater: binary(tf.greater),
    GreaterOrEqual: binary(tf.greaterEqual),
    Less: binary(tf.less),
    LessOrEqual: binary(tf.lessEqual),
    Equal: binary(tf.equal),
    And: binary(tf.logicalAnd),
    Or: binary(tf.logicalOr),
    Not: unary(tf.logicalNot),
    Where: ({ inputs: [condition, a, b] }) => [tf.where(on(condition), on(a), on(b))],
    Cast: ({ inputs: [x], attributes }) => [
      attributes.int("to") === 9 ? tf.notEqual(on(x), 0) : tf.cast(on(x), "float32"),
    ],
    Identity: unary(tf.clone),

    Reshape: ({ inputs: [x], shape }) => [tf.reshape(on(x), [...shape])],
    Expand: ({ inputs: [x], shape }) => [tf.broadcastTo(on(x), [...shape])],
    Transpose: ({ inputs: [x], attributes }) => [tf.transpose(on(x), [...attributes.ints("perm")])],
    Slice: ({ inputs: [x, starts, , axes], shape }) => {
      const begin = shape.map(() => 0).with(list(axes)[0]!, list(starts)[0]!);
      return [tf.slice(on(x), begin, [...shape])];
    },
    Split: ({ inputs: [x, sizes], attributes }) =>
      tf.split(on(x), list(sizes), attributes.int("axis")),
    Concat: ({ inputs, attributes }) => [tf.concat(inputs.map(on), attributes.int("axis"))],
    Pad: ({ inputs: [x, pads, value], shape }) => {
      const all = list(pads);
      const around = shape.map((_, i) => [all[i]!, all[i + shape.length]!] as [number, number]);
      return [tf.pad(on(x), around, Number(value!.host!.data[0]))];
    },
    Gather: ({ inputs: [table, indices], attributes }) => {
      const axis = attributes.int("axis");
      const rows = list(indices);
      const size = on(table).shape[axis]!;
      const wrong = rows.find((row) => !(row >= 0 && row < size));
      if (wrong !== undefined)
        throw new RangeError(`Gather: index ${wrong} is not in 0 .. ${size - 1}`);
      const at = tf.tensor(Int32Array.from(rows), [...indices!.host!.shape], "int32");
      return [tf.gather(on(table), at, axis)];
    },
    // Along axis 0 of a matrix, reduction add: all that the engine emits. A row's indices are equal.
    ScatterElements: ({ inputs: [base, indices, updates], shape }) => {
      const [count, width] = indices!.host!.shape as readonly [number, number];
      const every = list(indices);
      const rows = Int32Array.from({ length: count }, (_, i) => every[i * width]!);
      const at = tf.tensor2d(rows, [count, 1], "int32");
      return [tf.add(on(base), tf.scatterND(at, on(updates), [...shape]))];
    },
    RotaryEmbedding: ({ inputs: [x, positions, cos, sin] }) => {
      const [c, s] = [rowsAt(on(cos), positions!.host!), rowsAt(on(sin), positions!.host!)];
      const [a, b] = tf.split(on(x), 2, 3) as [core.Tensor, core.Tensor];
      const first = tf.sub(tf.mul(a, c), tf.mul(b, s));
      return [tf.concat([first, tf.add(tf.mul(b, c), tf.mul(a, s))], 3)];
    },

    ReduceSum: reduction((x, axes) => tf.sum(x, axes)),
    ReduceSumSquare: reduction((x, axes) => tf.sum(tf.square(x), axes)),
    ReduceMean: reduction((x, axes) => tf.mean(x, axes)),
    ReduceMax: reduction((x, axes) => tf.max(x, axes)),
    Softmax: ({ inputs: [x], attributes }) => {
      const axis = attributes.int("axis");
      const powers = tf.exp(tf.sub(on(x), tf.max(on(x), axis, true)));
      return [tf.div(powers, tf.sum(powers, axis, true))];
    },
    LogSoftmax: ({ inputs: [x], attributes }) => {
      const axis = attributes.int("axis");
      const below = tf.sub(on(x), tf.max(on(x), axis, true));
      return [tf.sub(below, tf.log(tf.sum(tf.exp(below), axis, true)))];
    },
    LayerNormalization: ({ inputs: [x, weight, bias], attributes }) => {
      const { mean, variance } = tf.moments(on(x), -1, true);
      const inverse = tf.rsqrt(tf.add(variance, attributes.float("epsilon")));
      const normed = tf.mul(tf.sub(on(x), mean), inverse);
      return [tf.add(tf.mul(normed, on(weight)), on(bias)), mean, inverse];
    },
    MatMul: binary(product),
    Gemm: ({ inputs: [a, b, bias], attributes }) => {
      const [ta, tb] = [attributes.int("transA", 0) === 1, attributes.int("transB", 0) === 1];
      const result = product(on(a), on(b), ta, tb);
      return [bias === undefined || bias === null ? result : tf.add(result, on(bias))];
    },
  };
}

function on(operand: Operand | null | undefined): core.Tensor {
  return operand!.device!;
}

/** An int64 list. */
function list(operand: Operand | null | undefined): number[] {
  return integers(operand!.host!);
}
