/** @file Feature rows of items: a visual and a text block, centred and scaled by the training data. */
import type { Item, Pixels } from "../../data/types.ts";
import type { Matrix } from "../embeddings.ts";
import { unitRows } from "../embeddings.ts";
import { visualFeatures } from "./pixelfeatures.ts";
import { spellingFeatures } from "./spelling.ts";

/** Where features come from. */
export type FeatureSource = {
  /** Decoded picture, clip or page of an item that has one. */
  readonly pixels: (item: Item) => Pixels | Promise<Pixels>;
  /** Vector of a text, e.g. the mean of its words' GloVe vectors; always the same length. */
  readonly text: (text: string) => Float32Array;
};

/** Reads items' raw blocks, each item once, and keeps them. */
export class ItemFeatures {
  readonly #source: FeatureSource;
  readonly #visual = new Map<string, Float32Array>();
  readonly #text = new Map<string, Float32Array>();

  constructor(source: FeatureSource) {
    this.#source = source;
  }

  /** The item's picture, clip or page as features; null for text alone. */
  async visual(item: Item): Promise<Float32Array | null> {
    const kind = visualKind(item);
    if (kind === null) return null;
    const key = visualKey(item);
    const known = this.#visual.get(key);
    if (known !== undefined) return known;
    // Of unit length: how strong the edges of a picture are on the whole says little about it.
    const raw = visualFeatures(await this.#source.pixels(item), kind);
    const features = unitRows({ rows: 1, dim: raw.length, data: raw }).data;
    this.#visual.set(key, features);
    return features;
  }

  text(item: Item): Float32Array | null {
    return item.text === undefined ? null : this.#textOf(item.text);
  }

  spelling(item: Item): Float32Array | null {
    return item.text === undefined ? null : spellingFeatures(item.text);
  }

  /** Whether the vectors confuse more than a tenth of the distinct texts, e.g. times of day. */
  confusesTexts(items: readonly Item[]): boolean {
    const texts = new Set(items.flatMap(({ text }) => (text === undefined ? [] : [text])));
    const vectors = new Set([...texts].map((text) => this.#textOf(text).join()));
    return vectors.size < 0.9 * texts.size;
  }

  /** Forgets the pictures, clips and pages that are not among `items`. */
  keep(items: readonly Item[]): void {
    const kept = new Set(items.map(visualKey));
    for (const key of this.#visual.keys()) if (!kept.has(key)) this.#visual.delete(key);
  }

  #textOf(text: string): Float32Array {
    const vector = this.#text.get(text) ?? this.#source.text(text);
    this.#text.set(text, vector);
    return vector;
  }
}

function visualKey({ image, document, video }: Item): string {
  return [image, document, ...(video ?? [])].join("\n");
}

export function visualKind(item: Item): "image" | "video" | "document" | null {
  if (item.image !== undefined) return "image";
  if (item.video !== undefined) return "video";
  return item.document === undefined ? null : "document";
}

/** How one side of a task (queries or targets) becomes rows; fitted on its training items. */
export type SideEncoder = {
  readonly dim: number;
  encode(items: readonly Item[]): Promise<Matrix>;
};

/** Wider sides are not evened out: their directions number more than the data can tell apart. */
const WIDEST_EVENED = 400;

/** `side` with its directions half whitened by the distinct `items`: word vectors gain most from it. */
export async function evened(side: SideEncoder, items: readonly Item[]): Promise<SideEncoder> {
  if (side.dim > WIDEST_EVENED) return side;
  const distinct = [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
  const { timesSquare, whitening } = await import("./whiten.ts");
  const turn = whitening(await side.encode(distinct), 0.5);
  return {
    dim: side.dim,
    encode: async (encoded) => timesSquare(await side.encode(encoded), turn),
  };
}

/**
 * Learns mean and scale of each block from `items`. A block an item lacks is its mean, i.e. 0; blocks
 * that no training item has are left out. Every block weighs the same on average. Spelling is added where
 * the text vectors don't tell the texts apart.
 */
export async function fitSide(
  items: readonly Item[],
  features: ItemFeatures,
  name: string,
): Promise<SideEncoder> {
  const readers: Reader[] = [
    (item) => features.visual(item),
    (item) => Promise.resolve(features.text(item)),
  ];
  if (features.confusesTexts(items)) {
    readers.push((item) => Promise.resolve(features.spelling(item)));
  }
  const blocks: Block[] = [];
  for (const read of readers) {
    const block = await fitBlock(items, read, name);
    if (block !== null) blocks.push(block);
  }
  const dim = blocks.reduce((sum, block) => sum + block.mean.length, 0);
  if (dim === 0) throw new RangeError(`${name}: no training item has a picture or text`);
  return {
    dim,
    async encode(encoded) {
      const data = new Float32Array(encoded.length * dim);
      for (const [row, item] of encoded.entries()) {
        let at = row * dim;
        for (const { read, mean, scale } of blocks) {
          const raw = await read(item);
          checkLength(raw, mean, name);
          if (raw !== null)
            for (let i = 0; i < mean.length; i++) data[at + i] = (raw[i]! - mean[i]!) * scale;
          at += mean.length;
        }
      }
      return { rows: encoded.length, dim, data };
    },
  };
}

type Reader = (item: Item) => Promise<Float32Array | null>;
type Block = { readonly read: Reader; readonly mean: Float64Array; readonly scale: number };

async function fitBlock(items: readonly Item[], read: Reader, name: string): Promise<Block | null> {
  let mean: Float64Array | null = null;
  let count = 0;
  let squares = 0;
  for (const item of items) {
    const raw = await read(item);
    if (raw === null) continue;
    mean ??= new Float64Array(raw.length);
    checkLength(raw, mean, name);
    count++;
    for (let i = 0; i < raw.length; i++) {
      mean[i] = mean[i]! + raw[i]!;
      squares += raw[i]! * raw[i]!;
    }
  }
  if (mean === null) return null;
  let centre = 0;
  for (let i = 0; i < mean.length; i++) {
    mean[i] = mean[i]! / count;
    centre += mean[i]! * mean[i]!;
  }
  const spread = Math.sqrt(Math.max(0, squares / count - centre)); // root mean square distance to the mean
  return { read, mean, scale: spread > 0 ? 1 / spread : 1 };
}

function checkLength(raw: Float32Array | null, mean: Float64Array, name: string): void {
  if (raw === null || raw.length === mean.length) return;
  throw new RangeError(`${name}: features of ${raw.length} numbers beside ones of ${mean.length}`);
}
