/** @file What both towers are built with: parameters by name, linear layers that an adapter may extend. */
import { adaptedLinear, layerNorm, linear, rmsNorm } from "../engine/index.ts";
import type { Graph, Value } from "../engine/index.ts";
import { loraTargets } from "./lora.ts";
import type { LoraConfig } from "./lora.ts";
import type { ParameterShapes } from "./parameters.ts";

export class Layers {
  readonly graph: Graph;
  readonly #shapes: ParameterShapes;
  readonly #lora: LoraConfig | undefined;
  readonly #adapted: ReadonlySet<string>;

  /** @throws RangeError if the adapter names layers that `shapes` doesn't have. */
  constructor(graph: Graph, shapes: ParameterShapes, lora?: LoraConfig) {
    this.graph = graph;
    this.#shapes = shapes;
    this.#lora = lora;
    this.#adapted = new Set(lora === undefined ? [] : loraTargets(shapes, lora).keys());
  }

  parameter(name: string): Value {
    const shape = this.#shapes.get(name);
    if (shape === undefined) throw new RangeError(`internal: the encoder has no parameter ${name}`);
    return this.graph.parameter(name, shape);
  }

  /** x [.., in] -> x W^T + b, and `(alpha / rank) x A^T B^T` where the layer has an adapter. */
  linear(x: Value, name: string): Value {
    const bias = this.#shapes.has(`${name}.bias`) ? this.parameter(`${name}.bias`) : undefined;
    const weight = this.parameter(`${name}.weight`);
    if (this.#lora === undefined || !this.#adapted.has(name)) return linear(x, weight, bias);
    const { rank, alpha } = this.#lora;
    const [out, input] = weight.shape as [number, number];
    const a = this.graph.parameter(`${name}.lora_A.weight`, [rank, input]);
    const b = this.graph.parameter(`${name}.lora_B.weight`, [out, rank]);
    return adaptedLinear(x, weight, { down: a, up: b, scale: alpha / rank }, bias);
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
