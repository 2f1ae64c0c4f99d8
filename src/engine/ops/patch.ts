/** @file Patch embedding: a convolution whose stride is its kernel. */
import type { Value } from "../graph.ts";
import { showShape } from "../tensor.ts";
import { linear } from "./matmul.ts";
import { reshape, transpose } from "./shape.ts";
import { located } from "./located.ts";

/**
 * Embeds non-overlapping patches: [batch, channels, (frames,) height, width] with weight
 * [out, channels, (patchFrames,) patchHeight, patchWidth] (PyTorch's conv2d and conv3d layout) and
 * bias [out] -> [batch, patches, out], patches in row-major order of (frame,) row, column.
 *
 * Patches already cut, [patches, channels * .. * patchWidth], give [patches, out].
 */
export function patchEmbed(x: Value, weight: Value, bias?: Value): Value {
  if (x.shape.length === 2) return linear(x, reshape(weight, [weight.shape[0]!, -1]), bias);
  const kernel = weight.shape.slice(2);
  const space = x.shape.slice(2);
  const fits = x.shape.length === weight.shape.length && x.shape[1] === weight.shape[1];
  if (!fits || kernel.length < 1 || space.some((size, i) => size % kernel[i]! !== 0)) {
    throw located(
      new RangeError(
        `patchEmbed: input ${showShape(x.shape)} does not divide into patches of weight ${showShape(weight.shape)}`,
      ),
    );
  }
  const [batch, channels] = x.shape as readonly [number, number];
  const counts = space.map((size, i) => size / kernel[i]!);
  const axes = kernel.length;
  // [batch, channels, rows, patchHeight, columns, patchWidth] -> [batch, rows, columns, channels, patchHeight, patchWidth]
  const parted = reshape(x, [batch, channels, ...counts.flatMap((n, i) => [n, kernel[i]!])]);
  const places = Array.from({ length: axes }, (_, i) => 2 + 2 * i);
  const moved = transpose(parted, [0, ...places, 1, ...places.map((p) => p + 1)]);
  const width = channels * kernel.reduce((a, b) => a * b, 1);
  const patches = reshape(moved, [batch, counts.reduce((a, b) => a * b, 1), width]);
  return linear(patches, reshape(weight, [weight.shape[0]!, width]), bias);
}
