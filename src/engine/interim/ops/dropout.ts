/** @file Dropout whose mask is fed: the same seed gives the same mask on every device. */
import type { Value } from "../graph.ts";
import { type Tensor, sizeOf, tensor } from "../tensor.ts";
import { Random } from "../random.ts";
import { mul } from "./elementwise.ts";

/**
 * x * mask; `mask` is an input fed with `dropoutMask`, so that a replay (GradCache, resume) is exact.
 *
 * @param mask same shape as x: 0 for a dropped value, 1 / (1 - rate) for a kept one
 */
export function dropout(x: Value, mask: Value): Value {
  if (String(x.shape) !== String(mask.shape)) {
    throw new RangeError(`dropout: input [${x.shape}] and mask [${mask.shape}] differ`);
  }
  return mul(x, mask);
}

/** A dropout mask of `shape` drawn from `seed`. @throws unless 0 <= rate < 1 */
export function dropoutMask(
  shape: readonly number[],
  { rate, seed }: { rate: number; seed: number },
): Tensor {
  if (!(rate >= 0 && rate < 1))
    throw new RangeError(`dropoutMask: expected 0 <= rate < 1, got ${rate}`);
  const random = Random.from(seed, "dropout");
  const keep = 1 / (1 - rate);
  const data = Float32Array.from({ length: sizeOf(shape) }, () =>
    random.uniform() < rate ? 0 : keep,
  );
  return tensor(data, shape);
}
