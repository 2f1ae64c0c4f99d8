/** @file M-RoPE positions as Qwen2-VL counts them, and the rotary tables made from them. */
import type { EncoderConfig, Grid } from "./config.ts";

/** Positions of one sequence on the axes time, height and width, each [tokens]. */
export type Positions = readonly [time: Int32Array, height: Int32Array, width: Int32Array];

/**
 * Positions of a token sequence, as transformers' `get_rope_index` (4.45 to 4.57): text counts on
 * all three axes alike; the tokens of a picture or clip hold their place on the grid, counted from
 * where the text stopped; text goes on after the largest position reached. (transformers 5 goes on
 * after the larger of height and width, which differs only for clips longer than they are wide.)
 *
 * @param ids [tokens].
 * @param grids of the pictures and clips in the order in which their pad tokens appear.
 */
export function positionIds(
  ids: ArrayLike<number>,
  grids: readonly Grid[],
  { tokens, vision }: Pick<EncoderConfig, "tokens" | "vision">,
): Positions {
  const positions: Positions = [
    new Int32Array(ids.length),
    new Int32Array(ids.length),
    new Int32Array(ids.length),
  ];
  let next = 0;
  let grid = 0;
  for (let at = 0; at < ids.length;) {
    if (ids[at] !== tokens.imagePad && ids[at] !== tokens.videoPad) {
      for (const axis of positions) axis[at] = next;
      next++;
      at++;
      continue;
    }
    const current = grids[grid++];
    if (current === undefined) {
      throw new RangeError(
        `positionIds: pad token ${ids[at]} at ${at} has no grid; ${grids.length} given`,
      );
    }
    at = placeGrid(positions, { ids, at, next, grid: current, merge: vision.spatialMergeSize });
    next = 1 + Math.max(...positions.map((axis) => axis[at - 1]!));
  }
  if (grid !== grids.length) {
    throw new RangeError(`positionIds: ${grids.length} grids given, the ids hold ${grid}`);
  }
  return positions;
}

/** 0, 1, 2 ... on every axis: rotary positions in one dimension. */
export function sequentialPositions(tokens: number): Positions {
  const axis = Int32Array.from({ length: tokens }, (_, token) => token);
  return [axis, axis, axis];
}

type Place = {
  readonly ids: ArrayLike<number>;
  readonly at: number;
  readonly next: number;
  readonly grid: Grid;
  readonly merge: number;
};

function placeGrid(positions: Positions, { ids, at, next, grid, merge }: Place): number {
  const [time, height, width] = [grid[0], grid[1] / merge, grid[2] / merge];
  const pad = ids[at];
  let token = at;
  for (let t = 0; t < time; t++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, token++) {
        if (ids[token] !== pad) {
          throw new RangeError(
            `positionIds: grid [${grid.join(",")}] needs ${time * height * width} tokens ${pad} from ${at}, got ${token - at}`,
          );
        }
        positions[0][token] = next + t;
        positions[1][token] = next + y;
        positions[2][token] = next + x;
      }
    }
  }
  return token;
}

/** Rotary frequencies: theta^(-2i / dim) for i < dim / 2. */
export function inverseFrequencies(dim: number, theta: number): Float64Array {
  return Float64Array.from({ length: dim / 2 }, (_, i) => theta ** ((-2 * i) / dim));
}

/** Cosines and sines of every (position, frequency) met so far; a batch asks for few distinct ones. */
export class RotaryTable {
  readonly headDim: number;
  readonly #axisOf: Uint8Array; // [headDim / 2]
  readonly #frequencies: Float64Array; // [headDim / 2]
  #cos = new Float32Array(0); // [positions, headDim / 2]
  #sin = new Float32Array(0);

  constructor({ headDim, ropeTheta, mropeSection }: EncoderConfig["text"]) {
    this.headDim = headDim;
    this.#frequencies = inverseFrequencies(headDim, ropeTheta);
    this.#axisOf = Uint8Array.from(
      mropeSection.flatMap((size, axis) => Array.from({ length: size }, () => axis)),
    );
  }

  /**
   * Writes one sequence's rows of the cosine and sine inputs.
   *
   * @param cos [.., headDim], filled from element `offset` on; both halves hold the same angles.
   */
  fill(positions: Positions, cos: Float32Array, sin: Float32Array, offset: number): void {
    const half = this.headDim / 2;
    const tokens = positions[0].length;
    this.#grow(1 + Math.max(...positions.map((axis) => axis.reduce((a, b) => Math.max(a, b), 0))));
    for (let token = 0; token < tokens; token++) {
      const row = offset + token * this.headDim;
      for (let i = 0; i < half; i++) {
        const from = positions[this.#axisOf[i]!]![token]! * half + i;
        cos[row + i] = cos[row + half + i] = this.#cos[from]!;
        sin[row + i] = sin[row + half + i] = this.#sin[from]!;
      }
    }
  }

  #grow(positions: number): void {
    const half = this.headDim / 2;
    if (this.#cos.length >= positions * half) return;
    const rows = Math.max(128, 2 ** Math.ceil(Math.log2(positions)));
    this.#cos = new Float32Array(rows * half);
    this.#sin = new Float32Array(rows * half);
    for (let position = 0; position < rows; position++) {
      for (const [i, frequency] of this.#frequencies.entries()) {
        this.#cos[position * half + i] = Math.cos(position * frequency);
        this.#sin[position * half + i] = Math.sin(position * frequency);
      }
    }
  }
}

/** Patches in the order the merger wants them: merge blocks row by row, rows inside a block. */
export function patchOrder(
  height: number,
  width: number,
  merge: number,
): { readonly rows: Int32Array; readonly columns: Int32Array } {
  const rows = new Int32Array(height * width);
  const columns = new Int32Array(height * width);
  let token = 0;
  for (let blockY = 0; blockY < height; blockY += merge) {
    for (let blockX = 0; blockX < width; blockX += merge) {
      for (let y = 0; y < merge; y++) {
        for (let x = 0; x < merge; x++, token++) {
          rows[token] = blockY + y;
          columns[token] = blockX + x;
        }
      }
    }
  }
  return { rows, columns };
}

/**
 * How grid places mix the anchors of a learnt table: first place on the first anchor, last on the last,
 * those between linearly (Qwen3-VL's interpolation, one axis).
 *
 * @param places of each patch, below `count`.
 * @returns [places, anchors].
 */
export function anchorWeights(
  places: ArrayLike<number>,
  count: number,
  anchors: number,
): Float32Array {
  const weights = new Float32Array(places.length * anchors);
  for (let i = 0; i < places.length; i++) {
    const at = count === 1 ? 0 : (places[i]! * (anchors - 1)) / (count - 1);
    const below = Math.floor(at);
    const share = at - below;
    weights[i * anchors + below]! += 1 - share;
    if (share > 0) weights[i * anchors + below + 1]! += share;
  }
  return weights;
}

/**
 * Rotary tables of the vision tower for one frame: the first half of the angles is the patch's
 * row, the second its column, and the two halves of a head share them.
 *
 * @returns cos and sin, each [height * width, headDim], patches in merge order.
 */
export function visionRotary(
  [, height, width]: Grid,
  { vision }: Pick<EncoderConfig, "vision">,
): { readonly cos: Float32Array; readonly sin: Float32Array; readonly headDim: number } {
  const headDim = vision.width / vision.heads;
  const quarter = headDim / 4;
  const frequencies = inverseFrequencies(headDim / 2, vision.ropeTheta);
  const { rows, columns } = patchOrder(height, width, vision.spatialMergeSize);
  const cos = new Float32Array(rows.length * headDim);
  const sin = new Float32Array(rows.length * headDim);
  for (let patch = 0; patch < rows.length; patch++) {
    for (let i = 0; i < headDim; i++) {
      const place =
        Math.floor((i % (2 * quarter)) / quarter) === 0 ? rows[patch]! : columns[patch]!;
      const angle = place * frequencies[i % quarter]!;
      cos[patch * headDim + i] = Math.cos(angle);
      sin[patch * headDim + i] = Math.sin(angle);
    }
  }
  return { cos, sin, headDim };
}
