/** @file Inputs -> the static-shape tensors of one batch. */
import { tensor } from "../engine/index.ts";
import type { Tensor } from "../engine/index.ts";
import { visionTokenCount } from "./config.ts";
import type { EncoderConfig, Grid } from "./config.ts";
import type { Pixels } from "../data/types.ts";
import { PatchWriter, patchSize, patchesSize } from "./pixels.ts";
import type { PatchLayout } from "./pixels.ts";
import { positionIds, RotaryTable, sequentialPositions } from "./positions.ts";
import type { Positions } from "./positions.ts";
import type { EncoderInput } from "./processor.ts";

/** The shapes that one compiled graph serves. */
export type Bucket = {
  readonly batch: number;
  readonly tokens: number;
  readonly vision?: { readonly count: number; readonly grid: Grid; readonly still: boolean };
};

/** Feeds by the graph's input names. */
export type Feeds = Record<string, Tensor>;

export type AssembleOptions = {
  /** Put before every input name, for graphs that encode several sides. */
  readonly prefix?: string;
  /** Rows of the batch; the last input fills what `inputs` leaves. Default: as many as inputs. */
  readonly batch?: number;
  /** Tokens of the batch, at least the longest input's. Default: the next of `tokenSizes`. */
  readonly tokens?: number;
};

/** Token lengths that graphs are compiled for: two a power of two, so that padding stays below a half. */
export function roundTokens(tokens: number): number {
  if (tokens <= 8) return 8;
  const power = 2 ** Math.floor(Math.log2(tokens));
  if (tokens === power) return power;
  return tokens <= 1.5 * power ? 1.5 * power : 2 * power;
}

/** Buckets with the same key have the same shapes. */
export function bucketKey({ batch, tokens, vision }: Bucket): string {
  const base = `b${batch}t${tokens}`;
  if (vision === undefined) return base;
  return `${base}v${vision.count}x${vision.grid.join("x")}${vision.still ? "s" : ""}`;
}

const KEY = /^b(\d+)t(\d+)(?:v(\d+)x(\d+)x(\d+)x(\d+)(s?))?$/;

/** @throws RangeError for text that `bucketKey` doesn't write. */
export function parseBucketKey(key: string): Bucket {
  const match = KEY.exec(key);
  if (match === null) throw new RangeError(`parseBucketKey: "${key}" is no bucket key`);
  const [batch, tokens, count, time, height, width] = match.slice(1, 7).map(Number);
  if (match[3] === undefined) return { batch: batch!, tokens: tokens! };
  return {
    batch: batch!,
    tokens: tokens!,
    vision: { count: count!, grid: [time!, height!, width!], still: match[7] === "s" },
  };
}

function layoutKey(layout: PatchLayout | undefined): string {
  return layout === undefined ? "" : `${layout.grid.join("x")}${layout.still ? "s" : ""}`;
}

/**
 * Indices of inputs that may share a batch, groups in order of first appearance.
 *
 * @param by `layout` keeps inputs of one picture size together whatever their length (training);
 *   `tokens` also separates lengths by `roundTokens` (evaluation: less padding).
 */
export function groupByBucket(
  inputs: readonly EncoderInput[],
  by: "layout" | "tokens" = "tokens",
): number[][] {
  const groups = new Map<string, number[]>();
  for (const [index, { ids, layout }] of inputs.entries()) {
    const key = layoutKey(layout) + (by === "tokens" ? ` ${roundTokens(ids.length)}` : "");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}

/** Assembles batches; keep one per run, for its tables. */
export class Assembler {
  readonly config: EncoderConfig;
  readonly #rotary: RotaryTable;
  readonly #patches: PatchWriter;

  constructor(config: EncoderConfig) {
    this.config = config;
    this.#rotary = new RotaryTable(config.text);
    this.#patches = new PatchWriter(config);
  }

  /**
   * Inputs of one layout -> feeds:
   *
   *     ids          int64 [batch, tokens], padded on the right
   *     pool         int64 [batch], flat index of each row's last token
   *     cos, sin     [batch, 1, tokens, headDim]
   *     patches      [count * time * height * width, patchSize]      with vision only
   *     isVision     bool [batch, tokens, 1]                          with vision only
   *     visionIndex  int64 [batch, tokens], row of the merged tokens  with vision only
   */
  assemble(
    inputs: readonly EncoderInput[],
    { prefix = "", batch = inputs.length, tokens }: AssembleOptions = {},
  ): { readonly bucket: Bucket; readonly feeds: Feeds } {
    const bucket = this.#bucket(inputs, batch, tokens);
    const rows = Array.from(
      { length: batch },
      (_, row) => inputs[Math.min(row, inputs.length - 1)]!,
    );
    const feeds: Feeds = { ...this.#textFeeds(rows, bucket), ...this.#visionFeeds(rows, bucket) };
    return {
      bucket,
      feeds: Object.fromEntries(
        Object.entries(feeds).map(([name, value]) => [prefix + name, value]),
      ),
    };
  }

  #bucket(inputs: readonly EncoderInput[], batch: number, tokens?: number): Bucket {
    const [first] = inputs;
    if (first === undefined) throw new RangeError("assemble: no inputs");
    if (batch < inputs.length) {
      throw new RangeError(`assemble: ${inputs.length} inputs do not fit a batch of ${batch}`);
    }
    const longest = inputs.reduce((most, { ids }) => Math.max(most, ids.length), 0);
    const length = tokens ?? roundTokens(longest);
    if (length < longest) {
      throw new RangeError(`assemble: longest input has ${longest} tokens, the bucket ${length}`);
    }
    for (const [index, { layout, pixels, visionTokens }] of inputs.entries()) {
      const seen = first.visionTokens === undefined ? pixels : visionTokens;
      if (layoutKey(layout) !== layoutKey(first.layout) || (layout && !seen)) {
        throw new RangeError(
          `assemble: input ${index} has patches "${layoutKey(layout)}", input 0 "${layoutKey(first.layout)}"; group them first`,
        );
      }
    }
    if (first.layout === undefined) return { batch, tokens: length };
    const { grid, still } = first.layout;
    return { batch, tokens: length, vision: { count: batch, grid, still } };
  }

  #textFeeds(rows: readonly EncoderInput[], { batch, tokens }: Bucket): Feeds {
    const { headDim } = this.#rotary;
    const ids = new BigInt64Array(batch * tokens).fill(BigInt(this.config.tokens.pad));
    const pool = new BigInt64Array(batch);
    const cos = new Float32Array(batch * tokens * headDim).fill(1);
    const sin = new Float32Array(batch * tokens * headDim);
    for (const [row, input] of rows.entries()) {
      for (const [token, id] of input.ids.entries()) ids[row * tokens + token] = BigInt(id);
      pool[row] = BigInt(row * tokens + input.ids.length - 1);
      this.#rotary.fill(this.#positions(input), cos, sin, row * tokens * headDim);
    }
    return {
      ids: tensor(ids, [batch, tokens], "int64"),
      pool: tensor(pool, [batch], "int64"),
      cos: tensor(cos, [batch, 1, tokens, headDim]),
      sin: tensor(sin, [batch, 1, tokens, headDim]),
    };
  }

  #positions({ ids, layout }: EncoderInput): Positions {
    if (this.config.text.positions === "sequential") return sequentialPositions(ids.length);
    return positionIds(ids, layout === undefined ? [] : [layout.grid], this.config);
  }

  #visionFeeds(rows: readonly EncoderInput[], { batch, tokens, vision }: Bucket): Feeds {
    if (vision === undefined) return {};
    const { imagePad, videoPad } = this.config.tokens;
    const merged = visionTokenCount(vision.grid, this.config);
    const isVision = new Uint8Array(batch * tokens);
    const index = new BigInt64Array(batch * tokens);
    for (const [row, { ids }] of rows.entries()) {
      let next = row * merged;
      for (const [token, id] of ids.entries()) {
        if (id !== imagePad && id !== videoPad) continue;
        isVision[row * tokens + token] = 1;
        index[row * tokens + token] = BigInt(next++);
      }
    }
    return {
      ...this.#seenFeeds(rows, vision),
      isVision: tensor(isVision, [batch, tokens, 1], "bool"),
      visionIndex: tensor(index, [batch, tokens], "int64"),
    };
  }

  /** Patches of the rows' pixels, or the vision tokens they carry. */
  #seenFeeds(rows: readonly EncoderInput[], vision: NonNullable<Bucket["vision"]>): Feeds {
    if (rows[0]!.visionTokens !== undefined) {
      const { hidden } = this.config.text;
      const tokens = visionTokenCount(vision.grid, this.config);
      const data = new Float32Array(rows.length * tokens * hidden);
      for (const [row, { visionTokens }] of rows.entries()) {
        data.set(visionTokens!, row * tokens * hidden);
      }
      return { visionTokens: tensor(data, [rows.length * tokens, hidden]) };
    }
    return this.patches(
      rows.map(({ pixels }) => pixels!),
      vision,
    );
  }

  /** What `buildVision` reads: pictures or clips of one layout -> {patches}. */
  patches(pictures: readonly Pixels[], layout: PatchLayout): Feeds {
    const perInput = patchesSize(layout, this.config);
    const data = new Float32Array(pictures.length * perInput);
    for (const [row, pixels] of pictures.entries()) {
      this.#patches.write(pixels, layout, data, row * perInput);
    }
    const width = patchSize(layout, this.config);
    return { patches: tensor(data, [data.length / width, width]) };
  }
}

/** One batch without keeping tables; see `Assembler.assemble`. */
export function assemble(
  inputs: readonly EncoderInput[],
  config: EncoderConfig,
  options: AssembleOptions = {},
): { readonly bucket: Bucket; readonly feeds: Feeds } {
  return new Assembler(config).assemble(inputs, options);
}
