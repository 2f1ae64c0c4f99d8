/** @file ONNX nodes by hand, for graphs whose sizes are known at run time only; the engine's are static. */
import { onnx, tensor } from "../../engine/index.ts";
import type { DType, State, Tensor } from "../../engine/index.ts";

/** Name of a value in the file. */
export type Ref = string;

/** A size: a number, or a value that holds one int64. */
export type Size = number | Ref;

/** The file, and the weights beside it where they don't fit inside. */
export type OnnxFiles = {
  readonly model: Uint8Array;
  readonly data: readonly Uint8Array[] | null;
};

export type OnnxFilesOptions = {
  /** Name of the file beside the model that would hold the weights. */
  readonly dataFile: string;
  /** Weights that take more bytes than this together lie outside. */
  readonly externalBytes: number;
};

/** Bytes below which a tensor stays inside whatever happens. */
const SMALL = 1024;

export class Script {
  readonly #state: State;
  readonly #graph = new onnx.Message();
  readonly #tensors = new Map<string, Tensor>();
  readonly #infos: (readonly [field: 11 | 12, info: InstanceType<typeof onnx.Message>])[] = [];
  #next = 0;

  /** @param state what `parameter` reads. */
  constructor(state: State) {
    this.#state = state;
  }

  input(name: string, shape: readonly (number | string)[], dtype: DType): Ref {
    this.#infos.push([11, onnx.valueInfo(name, { shape, dtype })]);
    return name;
  }

  output(name: string, value: Ref, shape: readonly (number | string)[]): void {
    this.#graph.message(1, onnx.nodeMessage("Identity", [value], [name]));
    this.#infos.push([12, onnx.valueInfo(name, { shape, dtype: "float32" })]);
  }

  op(op: string, inputs: readonly Ref[], attributes: onnx.Attributes = {}): Ref {
    return this.several(1, op, inputs, attributes)[0]!;
  }

  several(
    outputs: number,
    op: string,
    inputs: readonly Ref[],
    attributes: onnx.Attributes = {},
  ): Ref[] {
    const made = Array.from({ length: outputs }, () => `%${this.#next++}`);
    this.#graph.message(1, onnx.nodeMessage(op, inputs, made, attributes));
    return made;
  }

  /** A tensor of the state, under its own name. */
  parameter(name: string): Ref {
    const value = this.#state.get(name);
    if (value === undefined) throw new RangeError(`export: the state lacks ${name}`);
    this.#tensors.set(name, value);
    return name;
  }

  constant(value: Tensor): Ref {
    const name = `%${this.#next++}`;
    this.#tensors.set(name, value);
    return name;
  }

  int(x: number): Ref {
    return this.constant(tensor([x], [], "int64"));
  }

  ints(...values: readonly number[]): Ref {
    return this.constant(tensor(values, [values.length], "int64"));
  }

  float(x: number): Ref {
    return this.constant(tensor([x], []));
  }

  /** `x` with these sizes; a size 0 is meant so. */
  reshape(x: Ref, ...sizes: readonly Size[]): Ref {
    const parts = sizes.map((size) => (typeof size === "number" ? this.ints(size) : size));
    const shape = this.op("Concat", parts, { axis: { int: 0 } });
    return this.op("Reshape", [x, shape], { allowzero: { int: 1 } });
  }

  transpose(x: Ref, ...perm: readonly number[]): Ref {
    return this.op("Transpose", [x], { perm: { ints: perm } });
  }

  /** One size of a value, as int64 [1]. */
  size(x: Ref, axis: number): Ref {
    return this.op("Shape", [x], { start: { int: axis }, end: { int: axis + 1 } });
  }

  /** 0, 1 .. `count` - 1. @param count int64 [1]. */
  range(count: Ref): Ref {
    return this.op("Range", [this.int(0), this.op("Squeeze", [count]), this.int(1)]);
  }

  cast(x: Ref, to: DType): Ref {
    return this.op("Cast", [x], { to: { int: onnx.ONNX_TYPE[to] } });
  }

  /** x [rows, in] of a linear layer's weight [out, in], and its bias where the state has one. */
  linear(x: Ref, name: string): Ref {
    const bias = this.#state.has(`${name}.bias`) ? [this.parameter(`${name}.bias`)] : [];
    const inputs = [x, this.parameter(`${name}.weight`), ...bias];
    return this.op("Gemm", inputs, { transB: { int: 1 } });
  }

  files({ dataFile, externalBytes }: OnnxFilesOptions): OnnxFiles {
    const sizes = [...this.#tensors.values()].map(({ data }) => data.byteLength);
    const outside = sizes.reduce((sum, bytes) => sum + bytes, 0) > externalBytes;
    const data: Uint8Array[] = [];
    let offset = 0;
    this.#graph.string(2, "rzenlab");
    for (const [name, value] of this.#tensors) {
      const { buffer, byteOffset, byteLength } = value.data;
      if (!outside || byteLength < SMALL) {
        this.#graph.message(5, onnx.tensorMessage(name, value));
        continue;
      }
      const place = { location: dataFile, offset, length: byteLength };
      this.#graph.message(5, onnx.externalTensorMessage(name, value, place));
      data.push(new Uint8Array(buffer, byteOffset, byteLength));
      offset += byteLength;
    }
    for (const [field, info] of this.#infos) this.#graph.message(field, info);
    return { model: onnx.modelBytes(this.#graph, []), data: outside ? data : null };
  }
}
