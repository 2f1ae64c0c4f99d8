/** @file Hashes and seeded streams: the only source of chance in the builder. */
import type { Split } from "../types.ts";

const TEST_SHARE = 0.2;
const DEV_SHARE = 0.1;

/** 32-bit FNV-1a over UTF-16 units, then murmur3's finaliser so that near keys land far apart. */
export function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** `hash32` scaled to [0, 1). */
export function hashUnit(text: string): number {
  return hash32(text) / 2 ** 32;
}

/** The split of a family: 20 % test, 10 % dev, the rest train. `kind` keeps the key spaces apart. */
export function splitOf(kind: string, family: string): Split {
  const unit = hashUnit(`split ${kind} ${family}`);
  if (unit < TEST_SHARE) return "test";
  return unit < TEST_SHARE + DEV_SHARE ? "dev" : "train";
}

/**
 * Splits of a few large families: the first fifth by hash is test, the next tenth dev. Exact shares
 * matter more here than that a family keeps its split when others come and go.
 */
export function splitsOf(kind: string, families: readonly string[]): Map<string, Split> {
  const unique = [...new Set(families)].toSorted();
  const ranked = unique.toSorted(
    (a, b) => hash32(`split ${kind} ${a}`) - hash32(`split ${kind} ${b}`),
  );
  const [testEnd, devEnd] = [
    Math.round(ranked.length * TEST_SHARE),
    Math.round(ranked.length * (TEST_SHARE + DEV_SHARE)),
  ];
  return new Map(
    ranked.map((family, i) => [family, i < testEnd ? "test" : i < devEnd ? "dev" : "train"]),
  );
}

/** A named stream of draws (mulberry32). Equal names give equal draws. */
export class Stream {
  #state: number;

  constructor(name: string) {
    this.#state = hash32(`stream ${name}`);
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Uniform in 0 ... n - 1. */
  int(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("Stream.pick: nothing to pick from");
    return items[this.int(items.length)]!;
  }

  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }

  /** `count` distinct items (all, shuffled, if there are fewer). */
  sample<T>(items: readonly T[], count: number): T[] {
    return this.shuffle(items).slice(0, count);
  }
}

/** `count` items chosen by the hash of their key: the choice does not depend on the others' order. */
export function thin<T>(items: readonly T[], count: number, key: (item: T) => string): T[] {
  if (items.length <= count) return [...items];
  const ranked = items.map((item) => ({ item, key: key(item), rank: hash32(`thin ${key(item)}`) }));
  ranked.sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
  const kept = new Set(ranked.slice(0, count).map((r) => r.item));
  return items.filter((item) => kept.has(item));
}
