/** @file Results that must be finite. */
import type { Tensors } from "./types.ts";

/** The first of `guards` among `outputs` that holds a NaN or an infinity; null if none does. */
export function failedGuard(guards: readonly string[], outputs: Tensors): string | null {
  const finite = (name: string): boolean =>
    (outputs[name]!.data as Float32Array).every((x) => Number.isFinite(x));
  return guards.find((name) => !finite(name)) ?? null;
}
