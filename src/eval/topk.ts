/** @file The best k of a stream of scores, in the order the ranks are counted in. */

export type Scored = { readonly index: number; readonly score: number };

/**
 * Keeps the `k` best of the candidates offered so far. Higher scores first; in a tie a non-positive
 * comes before a positive (the rule of rank.ts), then what was offered first.
 */
export class TopK {
  readonly #k: number;
  readonly #isPositive: (index: number) => boolean;
  readonly #entries: Scored[] = [];
  /** A score below this can't enter: callers may test it before they call `offer`. */
  threshold = -Infinity;

  constructor(k: number, isPositive: (index: number) => boolean) {
    if (!(Number.isInteger(k) && k >= 1)) {
      throw new RangeError(`TopK: k must be an integer from 1 up, got ${k}`);
    }
    this.#k = k;
    this.#isPositive = isPositive;
  }

  offer(index: number, score: number): void {
    const entries = this.#entries;
    const positive = this.#isPositive(index);
    let at = entries.length;
    while (at > 0) {
      const before = entries[at - 1]!;
      const stays =
        before.score > score ||
        (before.score === score && (positive || !this.#isPositive(before.index)));
      if (stays) break;
      at--;
    }
    if (at >= this.#k) return;
    entries.splice(at, 0, { index, score });
    if (entries.length > this.#k) entries.pop();
    if (entries.length === this.#k) this.threshold = entries[this.#k - 1]!.score;
  }

  best(): Scored[] {
    return [...this.#entries];
  }
}
