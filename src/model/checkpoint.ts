/** @file A checkpoint's tensors -> the parameters an encoder needs, by name and shape. */
import type { State } from "../engine/index.ts";
import type { EncoderConfig } from "./config.ts";
import { encoderParameters } from "./parameters.ts";
import type { ParameterShapes } from "./parameters.ts";
import type { TensorSource } from "./safetensors/read.ts";

/** Names that newer transformers and PEFT write, as the hub's Qwen2-VL files name them. */
function hubName(name: string): string {
  return name
    .replace(/^base_model\.model\./, "")
    .replace(/^model\.visual\./, "visual.")
    .replace(/^model\.language_model\./, "model.")
    .replace(/\.base_layer\./, ".");
}

/**
 * Reads what `config` needs; other tensors (a language head) are left.
 *
 * @throws RangeError naming every tensor that is missing or has another shape.
 */
export function loadEncoder(source: TensorSource, config: EncoderConfig): State {
  return loadParameters(source, encoderParameters(config), config.name);
}

export function loadParameters(source: TensorSource, shapes: ParameterShapes, what: string): State {
  const names = new Map(source.names.map((name) => [hubName(name), name]));
  const state: State = new Map();
  const wrong: string[] = [];
  for (const [name, shape] of shapes) {
    const stored = names.get(name);
    if (stored === undefined) {
      wrong.push(`${name} is missing`);
      continue;
    }
    const value = source.read(stored);
    if (value.shape.join() !== shape.join()) {
      wrong.push(`${name} is [${value.shape.join(",")}], expected [${shape.join(",")}]`);
    }
    state.set(name, value);
  }
  if (wrong.length > 0) {
    const shown = wrong.slice(0, 10).join("; ");
    const more = wrong.length > 10 ? `; and ${wrong.length - 10} more` : "";
    throw new RangeError(`loading ${what}: ${shown}${more}`);
  }
  return state;
}
