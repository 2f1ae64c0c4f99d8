/** @file The causal decoder for any batch and length; the same numbers as `decoder`. */
import { tensor } from "../../engine/index.ts";
import type { EncoderConfig } from "../config.ts";
import { inverseFrequencies } from "../positions.ts";
import type { Ref, Script } from "./script.ts";
import type { GridSizes } from "./vision.ts";
import { rotated } from "./vision.ts";

export type Sizes = { readonly batch: Ref; readonly tokens: Ref };

export type DecoderInput = Sizes & {
  /** [batch * tokens, hidden]. */
  readonly x: Ref;
  /** [batch, tokens, headDim]. */
  readonly cos: Ref;
  readonly sin: Ref;
  /** int64 [batch, 1]: place of each row's last token. */
  readonly last: Ref;
};

/** Final-normed states of the last tokens: [batch, hidden]. */
export function decoderScript(s: Script, input: DecoderInput, config: EncoderConfig): Ref {
  const { layers, rmsNormEpsilon } = config.text;
  const angles = {
    cos: s.op("Unsqueeze", [input.cos, s.ints(1)]),
    sin: s.op("Unsqueeze", [input.sin, s.ints(1)]),
  };
  let { x } = input;
  for (let layer = 0; layer + 1 < layers; layer++) {
    x = wholeLayer(s, `model.layers.${layer}`, { ...input, ...angles, x }, config);
  }
  const state = lastLayer(s, `model.layers.${layers - 1}`, { ...input, x }, angles, config);
  return rmsNorm(s, state, "model.norm", rmsNormEpsilon);
}

/** Rotary tables of the tokens, [batch, tokens, headDim], from positions as `positionIds` counts them. */
export function textAngles(
  s: Script,
  positions: readonly [time: Ref, height: Ref, width: Ref],
  { text }: EncoderConfig,
): { readonly cos: Ref; readonly sin: Ref } {
  const frequencies = Float32Array.from(inverseFrequencies(text.headDim, text.ropeTheta));
  let from = 0;
  const parts = text.mropeSection.map((size, axis) => {
    const table = s.constant(tensor(frequencies.slice(from, (from += size)), [size]));
    const place = s.op("Unsqueeze", [s.cast(positions[axis]!, "float32"), s.ints(2)]);
    return s.op("Mul", [place, table]);
  });
  const angles = s.op("Concat", [...parts, ...parts], { axis: { int: 2 } });
  return { cos: s.op("Cos", [angles]), sin: s.op("Sin", [angles]) };
}

/**
 * Positions of the tokens on three axes, int64 [batch, tokens]: a row holds at most one picture, all
 * of one grid.
 *
 * @param seen bool [batch, tokens]: pad tokens of pictures.
 */
export function textPositions(
  s: Script,
  seen: Ref,
  { grid, tokens }: { readonly grid: GridSizes; readonly tokens: Ref },
  { text, vision }: EncoderConfig,
): readonly [time: Ref, height: Ref, width: Ref] {
  const index = s.op("Unsqueeze", [s.range(tokens), s.ints(0)]); // [1, tokens]
  const plain = s.op("Expand", [index, s.op("Shape", [seen])]);
  if (text.positions === "sequential") return [plain, plain, plain];
  const merge = s.ints(vision.spatialMergeSize);
  const [time, height, width] = [
    grid.time,
    s.op("Div", [grid.height, merge]),
    s.op("Div", [grid.width, merge]),
  ];
  const perSlice = s.op("Mul", [height, width]);
  const all = s.op("Mul", [time, perSlice]);
  const asNumber = s.cast(seen, "float32");
  const first = s.op("ArgMax", [asNumber], { axis: { int: 1 } }); // [batch, 1]
  const any = s.op("Greater", [s.op("ReduceMax", [asNumber, s.ints(1)]), s.float(0)]);
  const within = s.op("Max", [s.op("Sub", [index, first]), s.int(0)]);
  const isAfter = s.op("And", [any, s.op("GreaterOrEqual", [within, all])]);
  const longest = s.op("Max", [time, height, width]);
  const after = s.op("Add", [s.op("Sub", [index, all]), longest]);
  const around = s.op("Where", [isAfter, after, index]);
  const axis = (place: Ref): Ref => s.op("Where", [seen, s.op("Add", [first, place]), around]);
  return [
    axis(s.op("Div", [within, perSlice])),
    axis(s.op("Mod", [s.op("Div", [within, width]), height])),
    axis(s.op("Mod", [within, width])),
  ];
}

type LayerInput = Sizes & { readonly x: Ref; readonly cos: Ref; readonly sin: Ref };

function wholeLayer(s: Script, at: string, input: LayerInput, config: EncoderConfig): Ref {
  const { x, batch, tokens, cos, sin } = input;
  const { heads, kvHeads, headDim, rmsNormEpsilon } = config.text;
  const normed = rmsNorm(s, x, `${at}.input_layernorm`, rmsNormEpsilon);
  const query = toHeads(s, s.linear(normed, `${at}.self_attn.q_proj`), heads, input, config);
  const { key, value } = keysAndValues(s, at, normed, input, config);
  const each = s.op("Mul", [tokens, s.ints(heads / kvHeads)]);
  const folded = s.reshape(
    rotated(s, scaled(s, query, headDim), cos, sin),
    batch,
    kvHeads,
    each,
    headDim,
  );
  const scores = s.reshape(s.op("MatMul", [folded, key]), batch, heads, tokens, tokens);
  const places = s.range(tokens);
  const isSeen = s.op("GreaterOrEqual", [s.op("Unsqueeze", [places, s.ints(1)]), places]);
  const weights = s.reshape(softmax(s, scores, isSeen), batch, kvHeads, each, tokens);
  const mixed = s.reshape(s.op("MatMul", [weights, value]), batch, heads, tokens, headDim);
  const rows = s.op("Mul", [batch, tokens]);
  const joined = s.reshape(s.transpose(mixed, 0, 2, 1, 3), rows, heads * headDim);
  return afterAttention(s, at, x, joined, config);
}

/** Only the last tokens ask, and only they go through the MLP. */
function lastLayer(
  s: Script,
  at: string,
  input: DecoderInput,
  angles: { readonly cos: Ref; readonly sin: Ref },
  config: EncoderConfig,
): Ref {
  const { x, batch, tokens, last } = input;
  const { hidden, heads, kvHeads, headDim, rmsNormEpsilon } = config.text;
  const normed = rmsNorm(s, x, `${at}.input_layernorm`, rmsNormEpsilon);
  const pick = (values: Ref, size: number): Ref => {
    const rows = s.reshape(values, batch, tokens, size);
    const picked = s.op("GatherND", [rows, last], { batch_dims: { int: 1 } });
    return s.reshape(picked, batch, size);
  };
  const own = s.linear(pick(normed, hidden), `${at}.self_attn.q_proj`);
  const query = s.reshape(own, batch, heads, 1, headDim);
  const angle = (table: Ref): Ref => s.reshape(pick(table, headDim), batch, 1, 1, headDim);
  const turned = rotated(s, scaled(s, query, headDim), angle(input.cos), angle(input.sin));
  const { key, value } = keysAndValues(s, at, normed, { ...input, ...angles }, config);
  const folded = s.reshape(turned, batch, kvHeads, heads / kvHeads, headDim);
  const scores = s.op("MatMul", [folded, key]); // [batch, kvHeads, heads / kvHeads, tokens]
  const isSeen = s.op("GreaterOrEqual", [last, s.op("Unsqueeze", [s.range(tokens), s.ints(0)])]);
  const mask = s.op("Unsqueeze", [isSeen, s.ints(1, 2)]);
  const mixed = s.op("MatMul", [softmax(s, scores, mask), value]);
  return afterAttention(s, at, pick(x, hidden), s.reshape(mixed, batch, heads * headDim), config);
}

/** Keys [batch, kvHeads, headDim, tokens] and values [batch, kvHeads, tokens, headDim]. */
function keysAndValues(
  s: Script,
  at: string,
  normed: Ref,
  input: LayerInput,
  config: EncoderConfig,
): { readonly key: Ref; readonly value: Ref } {
  const { kvHeads } = config.text;
  const of = (name: string): Ref =>
    toHeads(s, s.linear(normed, `${at}.self_attn.${name}`), kvHeads, input, config);
  const key = rotated(s, of("k_proj"), input.cos, input.sin);
  return { key: s.transpose(key, 0, 1, 3, 2), value: of("v_proj") };
}

function afterAttention(s: Script, at: string, x: Ref, mixed: Ref, { text }: EncoderConfig): Ref {
  const attended = s.op("Add", [x, s.linear(mixed, `${at}.self_attn.o_proj`)]);
  const normed = rmsNorm(s, attended, `${at}.post_attention_layernorm`, text.rmsNormEpsilon);
  const gated = s.op("Mul", [
    silu(s, s.linear(normed, `${at}.mlp.gate_proj`)),
    s.linear(normed, `${at}.mlp.up_proj`),
  ]);
  return s.op("Add", [attended, s.linear(gated, `${at}.mlp.down_proj`)]);
}

/** [batch * tokens, heads * headDim] -> [batch, heads, tokens, headDim]. */
function toHeads(
  s: Script,
  x: Ref,
  heads: number,
  { batch, tokens }: Sizes,
  { text }: EncoderConfig,
): Ref {
  return s.transpose(s.reshape(x, batch, tokens, heads, text.headDim), 0, 2, 1, 3);
}

function scaled(s: Script, query: Ref, headDim: number): Ref {
  return s.op("Mul", [query, s.float(headDim ** -0.5)]);
}

function softmax(s: Script, scores: Ref, isSeen: Ref): Ref {
  const masked = s.op("Add", [scores, s.op("Where", [isSeen, s.float(0), s.float(-1e9)])]);
  return s.op("Softmax", [masked], { axis: { int: -1 } });
}

function rmsNorm(s: Script, x: Ref, name: string, epsilon: number): Ref {
  const power = s.op("ReduceMean", [s.op("Mul", [x, x]), s.ints(-1)]);
  const inverse = s.op("Reciprocal", [s.op("Sqrt", [s.op("Add", [power, s.float(epsilon)])])]);
  return s.op("Mul", [s.op("Mul", [x, inverse]), s.parameter(`${name}.weight`)]);
}

export function silu(s: Script, x: Ref): Ref {
  return s.op("Mul", [x, s.op("Sigmoid", [x])]);
}
