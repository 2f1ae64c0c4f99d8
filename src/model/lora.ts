/** @file Low-rank adapters: W x + (alpha / rank) B A x, named as PEFT names them. */
import { z } from "zod";
import { tensor } from "../engine/index.ts";
import type { Random, State, Tensor } from "../engine/index.ts";
import { linearModules } from "./parameters.ts";
import type { ParameterShapes } from "./parameters.ts";

export const LoraConfig = z.strictObject({
  rank: z.int().positive().default(8),
  alpha: z.number().positive().default(16),
  /** Regular expressions searched for in layer names; each must match at least one layer. */
  targets: z.array(z.string().min(1)).min(1).default(["."]), // the paper: all linear layers
});
export type LoraConfig = z.output<typeof LoraConfig>;

/** Matches `lora_A` and `lora_B` of a layer. */
const ADAPTER = /^(?<module>.+)\.lora_(?<side>[AB])\.weight$/;

/**
 * The layers an adapter extends, with [out, in].
 *
 * @throws RangeError for a target that matches none, listing the layers there are.
 */
export function loraTargets(
  shapes: ParameterShapes,
  { targets }: Pick<LoraConfig, "targets">,
): ReadonlyMap<string, readonly [number, number]> {
  const modules = linearModules(shapes);
  const chosen = new Map<string, readonly [number, number]>();
  for (const target of targets) {
    const pattern = new RegExp(target);
    const matching = [...modules].filter(([name]) => pattern.test(name));
    if (matching.length === 0) {
      throw new RangeError(
        `lora: target "${target}" matches no linear layer; there are ${summarize([...modules.keys()])}`,
      );
    }
    for (const [name, size] of matching) chosen.set(name, size);
  }
  return chosen;
}

/** Layer names with the block numbers folded: `model.layers.{0..2}.mlp.up_proj`. */
function summarize(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) {
    const pattern = name.replace(/\.(blocks|layers)\.\d+\./, ".$1.N.");
    counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
  }
  return [...counts].map(([pattern, n]) => (n > 1 ? `${pattern} (${n})` : pattern)).join(", ");
}

/** Shapes of the adapter's own parameters. */
export function loraParameters(shapes: ParameterShapes, lora: LoraConfig): ParameterShapes {
  const own = new Map<string, readonly number[]>();
  for (const [name, [out, input]] of loraTargets(shapes, lora)) {
    own.set(`${name}.lora_A.weight`, [lora.rank, input]);
    own.set(`${name}.lora_B.weight`, [out, lora.rank]);
  }
  return own;
}

/** A is Gaussian with deviation 1/rank, B zero: the adapted encoder starts as the base. */
export function initLora(shapes: ParameterShapes, lora: LoraConfig, random: Random): State {
  const state: State = new Map();
  for (const [name, shape] of loraParameters(shapes, lora)) {
    const size = shape[0]! * shape[1]!;
    const data = new Float32Array(size);
    if (name.endsWith(".lora_A.weight")) {
      for (let i = 0; i < size; i++) data[i] = random.normal() / lora.rank;
    }
    state.set(name, tensor(data, shape));
  }
  return state;
}

/** True for parameters that `initLora` makes. */
export function isLoraParameter(name: string): boolean {
  return ADAPTER.test(name);
}

/**
 * The dense change of each adapted layer: (alpha / rank) B A, [out, in], by layer name.
 *
 * @throws RangeError if only one of A and B is there, or their shapes don't meet.
 */
export function loraDelta(state: State, { alpha }: Pick<LoraConfig, "alpha">): Map<string, Tensor> {
  const deltas = new Map<string, Tensor>();
  for (const name of state.keys()) {
    const module = ADAPTER.exec(name)?.groups?.["module"];
    if (module === undefined || deltas.has(module)) continue;
    const a = state.get(`${module}.lora_A.weight`);
    const b = state.get(`${module}.lora_B.weight`);
    if (a === undefined || b === undefined || a.shape[0] !== b.shape[1]) {
      const shapes = [a, b].map((side) =>
        side === undefined ? "missing" : `[${side.shape.join(",")}]`,
      );
      throw new RangeError(
        `loraDelta: ${module} needs A [rank,in] and B [out,rank], got ${shapes.join(" and ")}`,
      );
    }
    deltas.set(module, scaledProduct(b, a, alpha / a.shape[0]!));
  }
  return deltas;
}

function scaledProduct(b: Tensor, a: Tensor, scale: number): Tensor {
  const [out, rank] = b.shape as [number, number];
  const input = a.shape[1]!;
  const left = b.data as Float32Array;
  const right = a.data as Float32Array;
  const product = new Float64Array(out * input);
  for (let row = 0; row < out; row++) {
    for (let r = 0; r < rank; r++) {
      const factor = left[row * rank + r]! * scale;
      for (let column = 0; column < input; column++) {
        product[row * input + column]! += factor * right[r * input + column]!;
      }
    }
  }
  return tensor(Float32Array.from(product), [out, input]);
}

/**
 * The base with the adapter folded in: W + (alpha / rank) B A; no adapter parameters are left.
 *
 * @throws RangeError if the state lacks an adapted layer's weight.
 */
export function mergeLora(state: State, lora: Pick<LoraConfig, "alpha">): State {
  const merged: State = new Map([...state].filter(([name]) => !isLoraParameter(name)));
  for (const [module, delta] of loraDelta(state, lora)) {
    const name = `${module}.weight`;
    const weight = merged.get(name);
    if (weight === undefined) throw new RangeError(`mergeLora: the state has no ${name}`);
    const data = weight.data as Float32Array;
    const change = delta.data as Float32Array;
    merged.set(
      name,
      tensor(
        Float32Array.from(data, (value, i) => value + change[i]!),
        weight.shape,
      ),
    );
  }
  return merged;
}
