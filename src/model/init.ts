/** @file Initial parameters; rows of known words start from GloVe and from how they are spelled. */
import { Random, tensor } from "../engine/index.ts";
import type { State } from "../engine/index.ts";
import type { EncoderConfig } from "./config.ts";
import type { Glove } from "./glove.ts";
import { orthonormalRows } from "./orthonormal.ts";
import { encoderParameters } from "./parameters.ts";
import type { ParameterShapes } from "./parameters.ts";
import { SPELLING_SIZE, spellingFeatures } from "./spelling.ts";

/** Root mean square of an embedding row. */
const EMBEDDING_SCALE = 0.5;
/**
 * The pooled token's row starts this much smaller: it is the same in every input, and at full size
 * it makes all embeddings alike (mean cosine 0.98 rather than 0.93 at the start, nano, single words).
 */
const POOLED_TOKEN_SCALE = 0.3;

/** Of learnt places, beside patch embeddings of about 1. */
const POSITION_SCALE = 0.3;

export type InitOptions = {
  /** Word vectors and the vocabulary whose rows they initialise. */
  readonly words?: { readonly glove: Glove; readonly vocabulary: ReadonlyMap<string, number> };
};

/**
 * Weights ~ N(0, 1/fan_in), those that write to a residual stream smaller by sqrt(2 depth) so that
 * the stream's variance doesn't grow with depth (as GPT-2); norms 1, biases 0.
 */
export function initParameters(
  config: EncoderConfig,
  seed: number,
  { words }: InitOptions = {},
): State {
  const state = initShapes(encoderParameters(config), seed, (name) =>
    name.startsWith("visual.") ? config.vision.depth : config.text.layers,
  );
  if (words !== undefined) {
    const table = state.get("model.embed_tokens.weight")!.data as Float32Array;
    writeWordRows(table, config.text.hidden, seed, words);
  }
  const { hidden } = config.text;
  const pooled = config.tokens.endOfText * hidden;
  const embeddings = state.get("model.embed_tokens.weight")!.data as Float32Array;
  for (let i = pooled; i < pooled + hidden; i++) embeddings[i]! *= POOLED_TOKEN_SCALE;
  return state;
}

const RESIDUAL = /\.(?:o_proj|down_proj|attn\.proj|mlp\.fc2)\.weight$/;

/** As `initParameters`, for any table of shapes. Each parameter has its own random stream. */
export function initShapes(
  shapes: ParameterShapes,
  seed: number,
  depthOf: (name: string) => number,
): State {
  const state: State = new Map();
  for (const [name, shape] of shapes) {
    const size = shape.reduce((product, n) => product * n, 1);
    const data = new Float32Array(size);
    if (shape.length === 1) {
      data.fill(name.endsWith(".weight") ? 1 : 0);
    } else {
      const fanIn = size / shape[0]!;
      const residual = RESIDUAL.test(name) ? 1 / Math.sqrt(2 * depthOf(name)) : 1;
      const deviation = name.includes("embed_tokens")
        ? EMBEDDING_SCALE
        : name.includes("pos_embed")
          ? POSITION_SCALE
          : residual / Math.sqrt(fanIn);
      const random = Random.from(seed, name);
      for (let i = 0; i < size; i++) data[i] = random.normal() * deviation;
    }
    state.set(name, tensor(data, shape));
  }
  return state;
}

/**
 * A row of `hidden` numbers is an orthonormal mix of the word's meaning and its spelling: the
 * GloVe vector (centred, unit) in one subspace, letters and where they stand in its complement.
 * Pieces and words without a vector have a spelling only. Words that look or mean alike start
 * close, and a reader of pixels meets words it never saw at a place that tells their letters.
 */
function writeWordRows(
  table: Float32Array,
  hidden: number,
  seed: number,
  { glove, vocabulary }: NonNullable<InitOptions["words"]>,
): void {
  if (glove.dimensions >= hidden) {
    throw new RangeError(
      `initParameters: word vectors of ${glove.dimensions} need more than as many hidden units, got ${hidden}`,
    );
  }
  const basis = orthonormalRows(hidden, Random.from(seed, "words/basis"));
  const spellingDim = hidden - glove.dimensions;
  const mix = projection(spellingDim, Random.from(seed, "words/spelling"));
  const centre = meanVector(glove);
  const norm = EMBEDDING_SCALE * Math.sqrt(hidden);
  for (const [token, id] of vocabulary) {
    if (token.startsWith("<|") || token.startsWith("[")) continue;
    const coordinates = new Float64Array(hidden);
    const meaning = glove.vector(token);
    const share = meaning === undefined ? 0 : Math.sqrt(0.7); // of the squared norm
    if (meaning !== undefined)
      writeUnit(
        coordinates,
        0,
        meaning.map((x, i) => x - centre[i]!),
        share,
      );
    writeUnit(
      coordinates,
      glove.dimensions,
      mix(spellingFeatures(token)),
      Math.sqrt(1 - share ** 2),
    );
    for (let column = 0; column < hidden; column++) {
      let sum = 0;
      for (let i = 0; i < hidden; i++) sum += coordinates[i]! * basis[i * hidden + column]!;
      table[id * hidden + column] = sum * norm;
    }
  }
}

function meanVector(glove: Glove): Float64Array {
  const mean = new Float64Array(glove.dimensions);
  for (const word of glove.words) {
    for (const [i, x] of glove.vector(word)!.entries()) mean[i]! += x / glove.words.length;
  }
  return mean;
}

function writeUnit(
  into: Float64Array,
  offset: number,
  values: ArrayLike<number>,
  length: number,
): void {
  let square = 0;
  for (let i = 0; i < values.length; i++) square += values[i]! ** 2;
  if (square === 0) return;
  const scale = length / Math.sqrt(square);
  for (let i = 0; i < values.length; i++) into[offset + i] = values[i]! * scale;
}

/** A Gaussian random projection of spelling features. */
function projection(dim: number, random: Random): (features: Float32Array) => Float64Array {
  const matrix = Float64Array.from({ length: dim * SPELLING_SIZE }, () => random.normal());
  return (features) => {
    const out = new Float64Array(dim);
    for (let row = 0; row < dim; row++) {
      for (let i = 0; i < SPELLING_SIZE; i++) {
        if (features[i] !== 0) out[row]! += matrix[row * SPELLING_SIZE + i]! * features[i]!;
      }
    }
    return out;
  };
}
