/** @file Checks what is fed against what a graph declares, before it reaches an executor. */
import type { Tensors } from "./executor/types.ts";
import type { Value } from "./graph.ts";
import { sameShape, showShape } from "./tensor.ts";

/** The feeds that the live part of a graph uses. `declared` are all inputs, `live` those in use. */
export function checkedFeeds(
  bucket: string,
  declared: readonly Value[],
  live: readonly Value[],
  feeds: Tensors,
): Record<string, Tensors[string]> {
  const known = new Map(declared.map((value) => [value.name, value]));
  for (const [name, { shape, dtype }] of Object.entries(feeds)) {
    const input = known.get(name);
    if (input === undefined) {
      throw new Error(
        `bucket ${bucket} has no input ${name}; it has ${[...known.keys()].join(", ")}`,
      );
    }
    if (input.dtype !== dtype || !sameShape(input.shape, shape)) {
      throw new RangeError(
        `bucket ${bucket}, input ${name}: wants ${input.dtype} ${showShape(input.shape)}, got ${dtype} ${showShape(shape)}`,
      );
    }
  }
  const used: Record<string, Tensors[string]> = {};
  for (const { name, shape } of live) {
    const fed = feeds[name];
    if (fed === undefined)
      throw new Error(`bucket ${bucket}: input ${name} ${showShape(shape)} is not fed`);
    used[name] = fed;
  }
  return used;
}
