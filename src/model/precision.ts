/** @file A frozen trunk's linear layers in 16-bit floats or 8-bit integers. */
import { halfLinear, quantize, quantizedLinear, tensor } from "../engine/index.ts";
import type { HalfLinearOptions, Quantized, State, Value } from "../engine/index.ts";
import type { EncoderConfig } from "./config.ts";
import { encoderParameters, linearModules } from "./parameters.ts";

/** How the linear layers of a frozen trunk are kept; all else stays in 32 bits. */
export const PRECISIONS = ["fp32", "fp16", "int8"] as const;
export type Precision = (typeof PRECISIONS)[number];

/** The linear layers that `Layers` doesn't make itself. */
export type FrozenLinears = {
  /** What a device must hold of a state, and as what. */
  held(state: State): State;
  /** As `linear` of the layer called `name`. */
  linear(x: Value, name: string, bias: Value | undefined): Value;
};

/**
 * - `fp16`: half the memory; gradients pass, weights get none.
 * - `int8`: part of the graphs, rounded once from `state`; no gradient passes.
 * - `fp32`: nothing, undefined.
 *
 * @param state holds the trunk's weights.
 * @param options what products of 16-bit weights are computed in.
 */
export function frozenLinears(
  state: State,
  config: EncoderConfig,
  precision: Precision,
  options: HalfLinearOptions = {},
): FrozenLinears | undefined {
  if (precision === "fp32") return undefined;
  const shapes = new Map(
    [...linearModules(encoderParameters(config))].map(([name, size]) => [`${name}.weight`, size]),
  );
  return precision === "fp16" ? halves(shapes, options) : integers(state, shapes);
}

type Sizes = ReadonlyMap<string, readonly [out: number, input: number]>;

function halves(shapes: Sizes, options: HalfLinearOptions): FrozenLinears {
  return {
    held: (state) =>
      new Map(
        [...state].map(([name, value]) => [
          name,
          shapes.has(name) ? tensor(value.data, value.shape, "float16") : value,
        ]),
      ),
    linear(x, name, bias) {
      const weight = `${name}.weight`;
      const held = x.graph.state(weight, shapes.get(weight)!, "float16");
      return halfLinear(x, held, bias, options);
    },
  };
}

function integers(state: State, shapes: Sizes): FrozenLinears {
  const known = new Map<string, Quantized>();
  return {
    held: (other) => new Map([...other].filter(([name]) => !shapes.has(name))),
    linear(x, name, bias) {
      const own = known.get(name) ?? quantize(state.get(`${name}.weight`)!);
      known.set(name, own);
      return quantizedLinear(x, own, bias);
    },
  };
}
