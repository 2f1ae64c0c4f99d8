/** @file How much memory a plan's values need at once. */
import type { Value } from "../graph.ts";
import { sizeOf } from "../tensor.ts";
import type { Plan } from "./plan.ts";

const BYTES = {
  float32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
  int8: 1,
  uint8: 1,
  int32: 4,
} as const;

/** Bytes of the computed values that are alive together, at worst, when nodes run in order. */
export function peakBytes({ nodes, outputs }: Plan): number {
  const lastUse = new Map<Value, number>();
  for (const [i, node] of nodes.entries()) {
    for (const value of node.outputs) lastUse.set(value, i);
    for (const value of node.inputs) if (value?.source.kind === "node") lastUse.set(value, i);
  }
  for (const value of outputs.values()) lastUse.set(value, nodes.length);
  const freed = nodes.map(() => 0);
  for (const [value, i] of lastUse) if (i < nodes.length) freed[i]! += bytesOf(value);
  let alive = 0;
  let peak = 0;
  for (const [i, { outputs: made }] of nodes.entries()) {
    for (const value of made) alive += bytesOf(value);
    peak = Math.max(peak, alive);
    alive -= freed[i]!;
  }
  return peak;
}

/** A Reshape shares its input's memory. */
function bytesOf({ source, dtype, shape }: Value): number {
  const free = source.kind !== "node" || source.node.op === "Reshape";
  return free ? 0 : BYTES[dtype] * sizeOf(shape);
}
