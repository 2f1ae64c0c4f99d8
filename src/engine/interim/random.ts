/** @file Seeded random numbers. Each purpose has its own named stream, so adding one disturbs no other. */

/** State of a stream: four unsigned 32-bit words. */
export type RandomState = readonly [number, number, number, number];

/** A stream of the xoshiro128** generator (Blackman and Vigna 2018); period 2^128 - 1. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  private constructor([a, b, c, d]: RandomState) {
    [this.#a, this.#b, this.#c, this.#d] = [a, b, c, d];
  }

  /** The stream called `name` of `seed`. */
  static from(seed: number, name = ""): Random {
    const next = splitmix(hash(`${seed}/${name}`));
    return new Random([next(), next(), next(), next()]);
  }

  static restore(state: RandomState): Random {
    return new Random(state);
  }

  state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  /** Goes back to a state given by `state()`. */
  restore([a, b, c, d]: RandomState): void {
    [this.#a, this.#b, this.#c, this.#d] = [a, b, c, d];
  }

  #word(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** In [0, 1), with 53 random bits. */
  uniform(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** A whole number in 0..n-1. */
  int(n: number): number {
    if (!Number.isSafeInteger(n) || n < 1) {
      throw new RangeError(`Random.int: expected a whole number >= 1, got ${n}`);
    }
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal (Box and Muller 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Puts `items` in random order, in place (Fisher and Yates). */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}

/** FNV-1a over UTF-16 units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** Spreads one word over many (Steele et al. 2014, 32-bit form). */
function splitmix(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
}
