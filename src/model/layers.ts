/** @file What both towers are built with: parameters by name, linear layers that an adapter may extend. */
import { adaptedLinear, add, layerNorm, linear, mul, recompute, rmsNorm } from "../engine/index.ts";
import type { Graph, Value } from "../engine/index.ts";
import { loraTargets } from "./lora.ts";
import type { LoraConfig } from "./lora.ts";
import type { ParameterShapes } from "./parameters.ts";
import type { FrozenLinears } from "./precision.ts";

export type LayersOptions = {
  /** Low-rank adapter on some linear layers. */
  readonly adapter?: LoraConfig | undefined;
  /** Keeps the linear layers in fewer bits. */
  readonly frozen?: FrozenLinears | undefined;
  /** A block's activations are computed again in its backward. */
  readonly recompute?: boolean | undefined;
};

export class Layers {
  readonly graph: Graph;
  readonly #shapes: ParameterShapes;
  readonly #lora: LoraConfig | undefined;
  readonly #adapted: ReadonlySet<string>;
  readonly #frozen: FrozenLinears | undefined;
  readonly #recompute: boolean;

  /** @throws RangeError if the adapter names layers that `shapes` doesn't have. */
  constructor(
    graph: Graph,
    shapes: ParameterShapes,
    { adapter, frozen, recompute: again = false }: LayersOptions = {},
  ) {
    this.graph = graph;
    this.#shapes = shapes;
    this.#lora = adapter;
    this.#frozen = frozen;
    this.#recompute = again;
    this.#adapted = new Set(adapter === undefined ? [] : loraTargets(shapes, adapter).keys());
  }

  /** One layer of a tower: what recomputation keeps the input of. */
  block(x: Value, layer: (x: Value) => Value): Value {
    return this.#recompute ? recompute(layer)(x) : layer(x);
  }

  parameter(name: string): Value {
    const shape = this.#shapes.get(name);
    if (shape === undefined) throw new RangeError(`internal: the encoder has no parameter ${name}`);
    return this.graph.parameter(name, shape);
  }

  /** x [.., in] -> x W^T + b, and `(alpha / rank) x A^T B^T` where the layer has an adapter. */
  linear(x: Value, name: string): Value {
    const bias = this.#shapes.has(`${name}.bias`) ? this.parameter(`${name}.bias`) : undefined;
    const quantized = this.#frozen?.linear(x, name, bias);
    if (this.#lora === undefined || !this.#adapted.has(name)) {
      return quantized ?? linear(x, this.parameter(`${name}.weight`), bias);
    }
    const { rank, alpha } = this.#lora;
    const [out, input] = this.#shapes.get(`${name}.weight`) as [number, number];
    const a = this.graph.parameter(`${name}.lora_A.weight`, [rank, input]);
    const b = this.graph.parameter(`${name}.lora_B.weight`, [out, rank]);
    const scale = alpha / rank;
    if (quantized !== undefined) return add(quantized, mul(linear(linear(x, a), b), scale));
    return adaptedLinear(x, this.parameter(`${name}.weight`), { down: a, up: b, scale }, bias);
  }

  layerNorm(x: Value, name: string, epsilon: number): Value {
    return layerNorm(x, this.parameter(`${name}.weight`), this.parameter(`${name}.bias`), {
      epsilon,
    });
  }

  rmsNorm(x: Value, name: string, epsilon: number): Value {
    return rmsNorm(x, this.parameter(`${name}.weight`), { epsilon });
  }
}
