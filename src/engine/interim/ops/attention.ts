/** @file Scaled dot-product attention, rotary positions and patch embedding. */
import type { Value } from "../graph.ts";
import { tensor } from "../tensor.ts";
import { add, mul, neg } from "./elementwise.ts";
import { linear, matmul } from "./matmul.ts";
import { concat, expand, reshape, slice } from "./shape.ts";
import { softmax } from "./softmax.ts";
import { where } from "./compare.ts";

/** Added to a masked score: far below any real one, and finite, so that a fully masked row has no NaN. */
const MASKED = -1e9;

export type AttentionInputs = {
  /** [batch, heads, tokens, dim] */
  readonly query: Value;
  /** [batch, keyHeads, keys, dim]; keyHeads divides heads */
  readonly key: Value;
  readonly value: Value;
  /** A token sees itself and what stands before it. */
  readonly causal?: boolean;
  /** bool (true = may be seen) or float32 (added to the scores); broadcasts to [batch, heads, tokens, keys] */
  readonly mask?: Value;
  /** Multiplies the scores; 1 / sqrt(dim) if absent. */
  readonly scale?: number;
};

/**
 * softmax(scale * query key^T + mask) value, with several query heads to one key head
 * (grouped-query attention, Ainslie et al. 2023).
 *
 * @returns [batch, heads, tokens, dim]
 */
export function attention({
  query,
  key,
  value,
  causal = false,
  mask,
  scale,
}: AttentionInputs): Value {
  const [batch, heads, tokens, dim] = query.shape as [number, number, number, number];
  const [keyBatch, keyHeads, keys, keyDim] = key.shape as [number, number, number, number];
  const fits =
    query.shape.length === 4 && key.shape.length === 4 && String(key.shape) === String(value.shape);
  if (!fits || batch !== keyBatch || dim !== keyDim || heads % keyHeads !== 0) {
    throw new RangeError(
      `attention: query [${query.shape}], key [${key.shape}] and value [${value.shape}] do not fit`,
    );
  }
  if (causal && tokens !== keys) {
    throw new RangeError(
      `attention: causal needs as many keys as tokens, got ${keys} and ${tokens}`,
    );
  }
  const spread = (x: Value): Value => {
    if (heads === keyHeads) return x;
    const group = heads / keyHeads;
    const wide = expand(reshape(x, [batch, keyHeads, 1, keys, dim]), [
      batch,
      keyHeads,
      group,
      keys,
      dim,
    ]);
    return reshape(wide, [batch, heads, keys, dim]);
  };
  const scaled = mul(query, scale ?? 1 / Math.sqrt(dim));
  let scores = matmul(scaled, spread(key), { transposeB: true });
  if (causal) scores = add(scores, causalMask(query, tokens));
  if (mask !== undefined) {
    scores = mask.dtype === "bool" ? where(mask, scores, MASKED) : add(scores, mask);
  }
  return matmul(softmax(scores), spread(value));
}

function causalMask(of: Value, tokens: number): Value {
  const mask = new Float32Array(tokens * tokens);
  for (let i = 0; i < tokens; i++) mask.fill(MASKED, i * tokens + i + 1, (i + 1) * tokens);
  return of.graph.constant(tensor(mask, [1, 1, tokens, tokens]));
}

/**
 * x * cos + rotateHalf(x) * sin, rotateHalf((a, b)) = (-b, a) (Su et al. 2021, in Qwen2-VL's layout).
 *
 * @param x [..., tokens, dim], dim even
 * @param cos broadcasts to x
 * @param sin broadcasts to x
 */
export function rotary(x: Value, cos: Value, sin: Value): Value {
  const dim = x.shape.at(-1)!;
  if (dim % 2 !== 0) throw new RangeError(`rotary: the last axis must be even, got [${x.shape}]`);
  const left = slice(x, { axis: -1, start: 0, end: dim / 2 });
  const right = slice(x, { axis: -1, start: dim / 2, end: dim });
  return add(mul(x, cos), mul(concat([neg(right), left], { axis: -1 }), sin));
}

/**
 * A convolution whose stride is its kernel, over patches cut by the caller: one linear map.
 *
 * @param patches [patches, channels * temporal * height * width]
 * @param weight [dim, channels, temporal, height, width] or [dim, features]
 * @param bias [dim]
 * @returns [patches, dim]
 */
export function patchEmbed(patches: Value, weight: Value, bias?: Value): Value {
  const [dim] = weight.shape as [number];
  return linear(patches, reshape(weight, [dim, -1]), bias);
}
