/** @file Pixels -> patch vectors, in the order of Hugging Face's Qwen2-VL image processor. */
import type { Pixels } from "../data/types.ts";
import type { EncoderConfig, Grid } from "./config.ts";
import { patchOrder } from "./positions.ts";

/** What the patches of an input look like; inputs that agree may share a batch. */
export type PatchLayout = {
  readonly grid: Grid;
  /**
   * One frame, fed once: the patch vector has no temporal axis and the model sums the kernel over
   * it, which equals feeding the frame `temporalPatchSize` times as Hugging Face does.
   */
  readonly still: boolean;
};

/** Scale of the two luma gradient channels: a step of half the range is 1. */
const GRADIENT_SCALE = 1 / 128;

/** @throws RangeError if a side is no multiple of patchSize * spatialMergeSize, or the data too short. */
export function patchLayout(pixels: Pixels, { vision }: EncoderConfig): PatchLayout {
  const { frames, height, width, data } = pixels;
  const unit = vision.patchSize * vision.spatialMergeSize;
  if (!(frames >= 1 && height >= unit && width >= unit) || height % unit || width % unit) {
    throw new RangeError(
      `patchLayout: height and width must be multiples of ${unit} pixels, got ${frames} frames of ${height}x${width}`,
    );
  }
  if (data.length !== frames * height * width * 3) {
    throw new RangeError(
      `patchLayout: ${frames} frames of ${height}x${width} RGB need ${frames * height * width * 3} bytes, got ${data.length}`,
    );
  }
  return {
    grid: [
      Math.ceil(frames / vision.temporalPatchSize),
      height / vision.patchSize,
      width / vision.patchSize,
    ],
    still: frames === 1,
  };
}

/** Numbers in one patch vector. */
export function patchSize(
  { still }: Pick<PatchLayout, "still">,
  { vision }: EncoderConfig,
): number {
  const frames = still ? 1 : vision.temporalPatchSize;
  return vision.inChannels * frames * vision.patchSize ** 2;
}

/** Numbers in all patch vectors of one input. */
export function patchesSize(layout: PatchLayout, config: EncoderConfig): number {
  const [time, height, width] = layout.grid;
  return time * height * width * patchSize(layout, config);
}

/** Writes patch vectors; holds the lookup tables and buffers that every call shares. */
export class PatchWriter {
  readonly #config: EncoderConfig;
  readonly #normalized: readonly Float32Array[]; // per colour channel: [256]
  readonly #orders = new Map<string, Int32Array>();
  #luma = new Int16Array(0); // [height, width]

  constructor(config: EncoderConfig) {
    this.#config = config;
    const { mean, std } = config.processor;
    this.#normalized = mean.map((centre, channel) =>
      Float32Array.from({ length: 256 }, (_, value) => (value / 255 - centre) / std[channel]!),
    );
  }

  /**
   * Patch vectors of one input: [time * height * width, channels * frames * patch * patch], tokens
   * in merge order. A clip with an odd number of frames repeats its last one.
   *
   * @param out at least `offset + patchesSize(layout)` long.
   */
  write(pixels: Pixels, layout: PatchLayout, out: Float32Array, offset = 0): void {
    const { temporalPatchSize } = this.#config.vision;
    const perPatch = patchSize(layout, this.#config);
    const perSlice = layout.grid[1] * layout.grid[2] * perPatch;
    const frames = layout.still ? 1 : layout.grid[0] * temporalPatchSize;
    for (let frame = 0; frame < frames; frame++) {
      const slice = layout.still ? 0 : Math.floor(frame / temporalPatchSize);
      const within = layout.still ? 0 : frame % temporalPatchSize;
      this.#writeFrame(pixels, Math.min(frame, pixels.frames - 1), out, {
        start: offset + slice * perSlice + within * this.#config.vision.patchSize ** 2,
        perPatch,
        channelStride: perPatch / this.#config.vision.inChannels,
        order: this.#order(layout.grid),
      });
    }
  }

  /** Patch (row, column) in raster order -> its place in merge order. */
  #order([, height, width]: Grid): Int32Array {
    const key = `${height}x${width}`;
    const known = this.#orders.get(key);
    if (known !== undefined) return known;
    const { rows, columns } = patchOrder(height, width, this.#config.vision.spatialMergeSize);
    const order = new Int32Array(height * width);
    for (let token = 0; token < order.length; token++) {
      order[rows[token]! * width + columns[token]!] = token;
    }
    this.#orders.set(key, order);
    return order;
  }

  #writeFrame(pixels: Pixels, frame: number, out: Float32Array, place: FramePlace): void {
    const { patchSize: side, inChannels } = this.#config.vision;
    const { width, height } = pixels;
    const data = pixels.data.subarray(frame * height * width * 3, (frame + 1) * height * width * 3);
    const [red, green, blue] = this.#normalized as [Float32Array, Float32Array, Float32Array];
    const { perPatch, channelStride, order, start } = place;
    const columns = width / side;
    for (let y = 0; y < height; y++) {
      const rowOfPatches = Math.floor(y / side) * columns;
      const rowInPatch = (y % side) * side;
      let from = y * width * 3;
      for (let column = 0; column < columns; column++) {
        let to = start + order[rowOfPatches + column]! * perPatch + rowInPatch;
        for (let x = 0; x < side; x++, to++, from += 3) {
          out[to] = red[data[from]!]!;
          out[to + channelStride] = green[data[from + 1]!]!;
          out[to + 2 * channelStride] = blue[data[from + 2]!]!;
        }
      }
    }
    if (inChannels === 5) this.#writeGradients(data, pixels, out, place);
  }

  /** Central differences of luma along x and y, one-sided at the borders. */
  #writeGradients(
    data: Uint8Array,
    { width, height }: Pixels,
    out: Float32Array,
    { perPatch, channelStride, order, start }: FramePlace,
  ): void {
    const side = this.#config.vision.patchSize;
    if (this.#luma.length < width * height) this.#luma = new Int16Array(width * height);
    const luma = this.#luma;
    for (let i = 0, from = 0; i < width * height; i++, from += 3) {
      luma[i] = (77 * data[from]! + 150 * data[from + 1]! + 29 * data[from + 2]!) >> 8;
    }
    const columns = width / side;
    for (let y = 0; y < height; y++) {
      const above = (y === 0 ? 0 : y - 1) * width;
      const below = (y === height - 1 ? y : y + 1) * width;
      const rowOfPatches = Math.floor(y / side) * columns;
      const rowInPatch = (y % side) * side + 3 * channelStride;
      for (let column = 0; column < columns; column++) {
        let to = start + order[rowOfPatches + column]! * perPatch + rowInPatch;
        const end = (column + 1) * side;
        for (let x = column * side; x < end; x++, to++) {
          const left = luma[y * width + (x === 0 ? 0 : x - 1)]!;
          const right = luma[y * width + (x === width - 1 ? x : x + 1)]!;
          out[to] = (right - left) * GRADIENT_SCALE;
          out[to + channelStride] = (luma[below + x]! - luma[above + x]!) * GRADIENT_SCALE;
        }
      }
    }
  }
}

type FramePlace = {
  readonly start: number;
  readonly perPatch: number;
  readonly channelStride: number;
  readonly order: Int32Array;
};

export type ResizeOptions = { readonly minTokens?: number; readonly maxTokens?: number };

/**
 * The size to give a picture before patching, as Qwen2-VL's `smart_resize`: multiples of
 * patchSize * spatialMergeSize that keep the aspect and the token budget. Defaults are those of
 * RzenEmbed's released inference.
 *
 * @returns [height, width] in pixels.
 */
export function smartResize(
  height: number,
  width: number,
  { vision }: EncoderConfig,
  { minTokens = 256, maxTokens = 1_280 }: ResizeOptions = {},
): [height: number, width: number] {
  const unit = vision.patchSize * vision.spatialMergeSize;
  if (!(Math.max(height, width) / Math.min(height, width) < 200)) {
    throw new RangeError(`smartResize: aspect of ${height}x${width} must be below 200`);
  }
  const area = { least: minTokens * unit ** 2, most: maxTokens * unit ** 2 };
  const rounded = [height, width].map((side) => Math.max(unit, bankersRound(side / unit) * unit));
  const [tall, wide] = rounded as [number, number];
  if (tall * wide > area.most) {
    const shrink = Math.sqrt((height * width) / area.most);
    return [height, width].map((side) =>
      Math.max(unit, Math.floor(side / shrink / unit) * unit),
    ) as [number, number];
  }
  if (tall * wide < area.least) {
    const grow = Math.sqrt(area.least / (height * width));
    return [height, width].map((side) => Math.ceil((side * grow) / unit) * unit) as [
      number,
      number,
    ];
  }
  return [tall, wide];
}

/** Halves go to the even neighbour, as Python rounds. */
function bankersRound(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
