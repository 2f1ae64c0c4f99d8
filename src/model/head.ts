/** @file A small trainable head over cached features of a frozen trunk. */
import { add, l2Normalize, linear, mul, silu } from "../engine/index.ts";
import type { Graph, State, Value } from "../engine/index.ts";
import { initShapes } from "./init.ts";
import type { ParameterShapes } from "./parameters.ts";

export type HeadOptions = {
  /** Numbers in a feature. */
  readonly dim: number;
  /** Hidden units of the gated MLP. */
  readonly hidden: number;
  /** Numbers in an embedding. Default `dim`, and then a residual connection goes around the MLP. */
  readonly out?: number;
  /** Put before the parameter names. Default "head". */
  readonly name?: string;
};

export function headParameters({
  dim,
  hidden,
  out = dim,
  name = "head",
}: HeadOptions): ParameterShapes {
  const shapes = new Map<string, readonly number[]>([
    [`${name}.gate.weight`, [hidden, dim]],
    [`${name}.up.weight`, [hidden, dim]],
    [`${name}.down.weight`, [out, hidden]],
  ]);
  if (out !== dim) shapes.set(`${name}.skip.weight`, [out, dim]);
  return shapes;
}

/** The MLP's last layer starts at a tenth, so that the head starts near the trunk's own embedding. */
export function initHead(options: HeadOptions, seed: number): State {
  const state = initShapes(headParameters(options), seed, () => 1);
  const down = state.get(`${options.name ?? "head"}.down.weight`)!.data as Float32Array;
  for (let i = 0; i < down.length; i++) down[i]! *= 0.1;
  return state;
}

/**
 * Unit rows of `skip + W_down (silu(W_gate x) * W_up x)`, skip = x or W_skip x where the widths
 * differ. The same head serves queries and targets.
 *
 * @param features [batch, dim].
 * @returns [batch, out].
 */
export function buildHead(graph: Graph, features: Value, options: HeadOptions): Value {
  const { dim, out = dim, name = "head" } = options;
  if (features.shape.length !== 2 || features.shape[1] !== dim) {
    throw new RangeError(
      `buildHead: features must be [batch, ${dim}], got [${features.shape.join(",")}]`,
    );
  }
  const shapes = headParameters(options);
  const apply = (x: Value, part: string): Value => {
    const full = `${name}.${part}.weight`;
    return linear(x, graph.parameter(full, shapes.get(full)!));
  };
  const gated = mul(silu(apply(features, "gate")), apply(features, "up"));
  const skip = out === dim ? features : apply(features, "skip");
  return l2Normalize(add(skip, apply(gated, "down")));
}
