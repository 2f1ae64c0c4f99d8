/** @file The causal decoder: RMSNorm, grouped-query attention with M-RoPE, SwiGLU. */
import {
  add,
  attention,
  cast,
  gather,
  greaterOrEqual,
  mul,
  reshape,
  rotary,
  silu,
  sub,
  tensor,
  transpose,
} from "../engine/index.ts";
import type { Value } from "../engine/index.ts";
import type { EncoderConfig } from "./config.ts";
import type { Layers } from "./layers.ts";

export type DecoderInput = {
  /** [batch, tokens, hidden]. */
  readonly x: Value;
  /** [batch, 1, tokens, headDim]. */
  readonly cos: Value;
  readonly sin: Value;
  /** int64 [batch]: flat index (row * tokens + token) of the token whose state is wanted. */
  readonly pool: Value;
};

export type DecoderOutput = {
  /** Final-normed state of the pooled token: [batch, hidden]. */
  readonly pooled: Value;
  /** Input, then the output of every layer but the last: [batch, tokens, hidden]. */
  readonly hiddenStates: readonly Value[];
};

/**
 * Runs the decoder. Nothing reads the other tokens after the last layer, so there only the pooled
 * token asks, and only it goes through the MLP: the same numbers at a fraction of the work.
 */
export function decoder(layers: Layers, input: DecoderInput, config: EncoderConfig): DecoderOutput {
  const last = config.text.layers - 1;
  const hiddenStates = [input.x];
  for (let layer = 0; layer < last; layer++) {
    const before = hiddenStates.at(-1)!;
    hiddenStates.push(
      layers.block(before, (x) => decoderLayer(layers, layer, { ...input, x }, config)),
    );
  }
  const state = layers.block(hiddenStates.at(-1)!, (x) =>
    pooledLayer(layers, last, { ...input, x }, config),
  );
  const pooled = layers.rmsNorm(state, "model.norm", config.text.rmsNormEpsilon);
  return { pooled, hiddenStates };
}

/** One layer over all tokens: [batch, tokens, hidden] -> the same. */
export function decoderLayer(
  layers: Layers,
  layer: number,
  { x, cos, sin }: Omit<DecoderInput, "pool">,
  config: EncoderConfig,
): Value {
  const at = `model.layers.${layer}`;
  const { heads, rmsNormEpsilon } = config.text;
  const normed = layers.rmsNorm(x, `${at}.input_layernorm`, rmsNormEpsilon);
  const query = toHeads(layers.linear(normed, `${at}.self_attn.q_proj`), heads, config);
  const mixed = attention({
    query: rotary(query, cos, sin),
    ...keysAndValues(layers, at, normed, { cos, sin }, config),
    causal: true,
  });
  return afterAttention(layers, at, x, fromHeads(mixed), config);
}

/** The last layer, for the pooled tokens alone: [batch, hidden]. */
function pooledLayer(
  layers: Layers,
  layer: number,
  { x, cos, sin, pool }: DecoderInput,
  config: EncoderConfig,
): Value {
  const at = `model.layers.${layer}`;
  const { hidden, heads, headDim, rmsNormEpsilon } = config.text;
  const [batch, tokens] = x.shape as [number, number];
  const pick = (values: Value, size: number): Value =>
    gather(reshape(values, [batch * tokens, size]), pool);
  const normed = layers.rmsNorm(x, `${at}.input_layernorm`, rmsNormEpsilon);
  const own = pick(normed, hidden); // [batch, hidden]
  const query = reshape(layers.linear(own, `${at}.self_attn.q_proj`), [batch, heads, 1, headDim]);
  const angle = (table: Value): Value => reshape(pick(table, headDim), [batch, 1, 1, headDim]);
  const mixed = attention({
    query: rotary(query, angle(cos), angle(sin)),
    ...keysAndValues(layers, at, normed, { cos, sin }, config),
    mask: upTo(layers, pool, batch, tokens),
  }); // [batch, heads, 1, headDim]
  const joined = reshape(mixed, [batch, heads * headDim]);
  return afterAttention(layers, at, pick(x, hidden), joined, config);
}

/** True where a token is not after the row's pooled one: bool [batch, 1, 1, tokens]. */
function upTo(layers: Layers, pool: Value, batch: number, tokens: number): Value {
  const starts = Float32Array.from({ length: batch }, (_, row) => row * tokens);
  const within = sub(cast(pool, "float32"), layers.graph.constant(tensor(starts, [batch])));
  const places = Float32Array.from({ length: tokens }, (_, token) => token);
  const place = layers.graph.constant(tensor(places, [1, 1, 1, tokens]));
  return greaterOrEqual(reshape(within, [batch, 1, 1, 1]), place);
}

function keysAndValues(
  layers: Layers,
  at: string,
  normed: Value,
  { cos, sin }: { readonly cos: Value; readonly sin: Value },
  config: EncoderConfig,
): { readonly key: Value; readonly value: Value } {
  const { kvHeads } = config.text;
  const key = toHeads(layers.linear(normed, `${at}.self_attn.k_proj`), kvHeads, config);
  const value = toHeads(layers.linear(normed, `${at}.self_attn.v_proj`), kvHeads, config);
  return { key: rotary(key, cos, sin), value };
}

function afterAttention(
  layers: Layers,
  at: string,
  x: Value,
  mixed: Value,
  { text }: EncoderConfig,
): Value {
  const attended = add(x, layers.linear(mixed, `${at}.self_attn.o_proj`));
  const normed = layers.rmsNorm(attended, `${at}.post_attention_layernorm`, text.rmsNormEpsilon);
  const gate = silu(layers.linear(normed, `${at}.mlp.gate_proj`));
  const gated = mul(gate, layers.linear(normed, `${at}.mlp.up_proj`));
  return add(attended, layers.linear(gated, `${at}.mlp.down_proj`));
}

/** [batch, tokens, heads * headDim] -> [batch, heads, tokens, headDim]. */
function toHeads(x: Value, heads: number, { text }: EncoderConfig): Value {
  const [batch, tokens] = x.shape as [number, number];
  return transpose(reshape(x, [batch, tokens, heads, text.headDim]), [0, 2, 1, 3]);
}

function fromHeads(x: Value): Value {
  const [batch, heads, tokens, headDim] = x.shape as [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * headDim]);
}
