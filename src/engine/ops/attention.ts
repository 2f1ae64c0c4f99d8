/** @file Attention. */
import type { Value } from "../graph.ts";
import type { Shape } from "../tensor.ts";
import { showShape, tensor } from "../tensor.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { broadcastShapes, emit } from "./emit.ts";
import { where } from "./logic.ts";
import { matmul } from "./matmul.ts";
import { softmax, sum } from "./reduce.ts";
import { reshape } from "./shape.ts";
import { located } from "./located.ts";

export type AttentionOptions = {
  /** [batch, heads, tokens, dim] */
  readonly query: Value;
  /** [batch, keyHeads, keys, dim]; keyHeads divides heads, each serving heads / keyHeads in a row. */
  readonly key: Value;
  /** [batch, keyHeads, keys, valueDim] */
  readonly value: Value;
  /** Token i sees keys 0 .. i only. Default false. */
  readonly causal?: boolean;
  /** Broadcasts to [batch, heads, tokens, keys]: bool, true = seen, or float32 to add to the scores. */
  readonly mask?: Value;
  /** Default 1 / sqrt(dim). */
  readonly scale?: number;
};

/** softmax(scale q k^T + mask) v: [batch, heads, tokens, valueDim]. A token that sees nothing gets finite numbers without a meaning. */
export function attention(options: AttentionOptions): Value {
  const { query, key, value, causal = false, mask } = options;
  const [batch, heads, tokens, dim] = checked(query, key, value);
  const [, keyHeads, keys] = key.shape as [number, number, number, number];
  const scale = options.scale ?? 1 / Math.sqrt(dim);
  // Heads that share a key become more tokens of one head, so keys need not be repeated.
  const grouped = [batch, keyHeads, (heads / keyHeads) * tokens];
  const folded = reshape(mul(query, scale), [...grouped, dim]);
  const scores = reshape(matmul(folded, key, { transposeB: true }), [batch, heads, tokens, keys]);
  const bias = additive(query, [batch, heads, tokens, keys], causal, mask);
  const mixed = weighted(
    reshape(bias === null ? scores : add(scores, bias), [...grouped, keys]),
    value,
  );
  return reshape(mixed, [batch, heads, tokens, value.shape[3]!]);
}

// --- internal ---

/**
 * softmax(scores) value. The softmax's gradient, p (dp - sum dp p), needs that sum for each token; it is
 * also the sum of g times the result, which are narrower than the scores (FlashAttention's equation 4).
 */
function weighted(scores: Value, value: Value): Value {
  const weights = softmax(scores);
  const shape = [...scores.shape.slice(0, -1), value.shape.at(-1)!];
  const mixed = emit("MatMul", [weights, value], shape, "float32");
  scores.graph.record(
    [scores, value],
    [mixed],
    [
      (g) => {
        const total = sum(mul(g, mixed), { axes: [-1], keepDims: true });
        return mul(weights, sub(matmul(g, value, { transposeB: true }), total));
      },
      (g) => matmul(weights, g, { transposeA: true }),
    ],
  );
  return mixed;
}

/** Low enough to vanish in a softmax, high enough that adding two stays finite. */
const UNSEEN = -1e9;

function additive(
  query: Value,
  shape: Shape,
  causal: boolean,
  mask: Value | undefined,
): Value | null {
  const { graph } = query;
  const [, , tokens, keys] = shape as [number, number, number, number];
  let bias: Value | null = null;
  if (mask !== undefined) {
    if (broadcastShapes("attention", shape, mask.shape).join() !== shape.join()) {
      throw located(
        new RangeError(
          `attention: mask ${showShape(mask.shape)} does not broadcast to scores ${showShape(shape)}`,
        ),
      );
    }
    bias = mask.dtype === "bool" ? where(mask, 0, UNSEEN) : mask;
  }
  if (!causal) return bias;
  if (tokens > keys) {
    throw located(
      new RangeError(
        `attention: causal needs at least as many keys as tokens, got ${tokens} tokens and ${keys} keys`,
      ),
    );
  }
  const data = new Float32Array(tokens * keys);
  for (let i = 0; i < tokens; i++) data.fill(UNSEEN, i * keys + i + 1, (i + 1) * keys);
  const future = graph.constant(tensor(data, [tokens, keys]));
  return bias === null ? future : add(bias, future);
}

function checked(
  query: Value,
  key: Value,
  value: Value,
): readonly [number, number, number, number] {
  const all = `query ${showShape(query.shape)}, key ${showShape(key.shape)}, value ${showShape(value.shape)}`;
  const [q, k, v] = [query.shape, key.shape, value.shape];
  if (q.length !== 4 || k.length !== 4 || v.length !== 4) {
    throw located(new RangeError(`attention: all must be [batch, heads, tokens, dim], got ${all}`));
  }
  const fits = q[0] === k[0] && k[0] === v[0] && q[3] === k[3] && k[1] === v[1] && k[2] === v[2];
  if (!fits || q[1]! % k[1]! !== 0) {
    throw located(
      new RangeError(`attention: batch, keys or widths disagree, or heads are no multiple: ${all}`),
    );
  }
  return q as unknown as readonly [number, number, number, number];
}
