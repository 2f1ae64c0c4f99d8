/** @file Seeded random numbers in named streams. */

/** State of a stream; plain JSON. */
export type RandomState = readonly [number, number, number, number];

/**
 * A stream of pseudo-random numbers (xoshiro128**, Blackman and Vigna). The same seed and name give
 * the same stream on every machine; different names give independent ones.
 */
export class Random {
  #s: [number, number, number, number];

  private constructor(state: RandomState) {
    this.#s = [...state];
  }

  static from(seed: number, name = ""): Random {
    if (!Number.isSafeInteger(seed))
      throw new RangeError(`Random: seed must be an integer, got ${seed}`);
    const mix = splitMix(hash(`${seed}/${name}`));
    return new Random([mix(), mix(), mix(), mix()]);
  }

  /** A stream that goes on where `state` was taken. */
  static restore(state: RandomState): Random {
    return new Random(state);
  }

  state(): RandomState {
    return [...this.#s];
  }

  /** Goes on where `state` was taken. */
  restore(state: RandomState): void {
    this.#s = [...state];
  }

  /** A stream of its own, told by name; this one does not move. */
  stream(name: string): Random {
    const mix = splitMix(hash(`${this.#s.join("/")}/${name}`));
    return new Random([mix(), mix(), mix(), mix()]);
  }

  /** 32 random bits. */
  bits(): number {
    const s = this.#s;
    const result = Math.imul(rotate(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11);
    return result;
  }

  /** In [min, max), default [0, 1), on a grid of 2^53. */
  uniform(min = 0, max = 1): number {
    const unit = ((this.bits() >>> 5) * 67_108_864 + (this.bits() >>> 6)) / 9_007_199_254_740_992;
    return min + (max - min) * unit;
  }

  /** Gaussian (Box and Muller; one of the pair is used, so that the state stays four numbers). */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Whole number in [0, n), each equally likely. */
  int(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= 2 ** 32)) {
      throw new RangeError(`Random.int: n must be an integer in [1, 2^32], got ${n}`);
    }
    const limit = 2 ** 32 - (2 ** 32 % n);
    let bits = this.bits();
    while (bits >= limit) bits = this.bits();
    return bits % n;
  }

  /** Shuffles in place (Fisher and Yates) and returns the same array. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}

function rotate(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** SplitMix32, to fill the state from one number. */
function splitMix(seed: number): () => number {
  let x = seed;
  return () => {
    x = (x + 0x9e3779b9) | 0;
    let z = x ^ (x >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}
