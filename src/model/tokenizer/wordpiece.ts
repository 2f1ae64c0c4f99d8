/** @file Learning word pieces: byte-pair merges over a word count table, written as WordPiece entries. */

export const CONTINUATION = "##";

/** Splits as WordPiece writes pieces: the first character bare, the others with `##`. */
function characters(word: string): string[] {
  return Array.from(word, (character, index) =>
    index === 0 ? character : CONTINUATION + character,
  );
}

function join(left: string, right: string): string {
  return left + right.slice(CONTINUATION.length);
}

/**
 * The `count` pieces that byte-pair merging creates first. Ties go to the alphabetically first
 * pair, so that the result depends on the counts alone.
 *
 * @param counts word -> how often it occurs; words are already normalised.
 */
export function learnPieces(counts: ReadonlyMap<string, number>, count: number): string[] {
  const words = [...counts].map(([word, weight]) => ({ pieces: characters(word), weight }));
  const pairs = new PairTable();
  for (const word of words) pairs.add(word, 1);
  const learned = new Set<string>();
  while (learned.size < count) {
    const best = pairs.mostFrequent();
    if (best === undefined) break;
    const [left, right] = best.split(" ") as [string, string];
    const merged = join(left, right);
    learned.add(merged);
    for (const word of pairs.wordsWith(best)) {
      pairs.add(word, -1);
      word.pieces = merge(word.pieces, left, right, merged);
      pairs.add(word, 1);
    }
  }
  return [...learned];
}

type Segmented = { pieces: string[]; readonly weight: number };

/** How often each pair of neighbouring pieces occurs, and where; a pair is written "left right". */
class PairTable {
  readonly #weights = new Map<string, number>();
  readonly #words = new Map<string, Set<Segmented>>();

  add(word: Segmented, sign: 1 | -1): void {
    for (let i = 0; i + 1 < word.pieces.length; i++) {
      const pair = `${word.pieces[i]} ${word.pieces[i + 1]}`;
      this.#weights.set(pair, (this.#weights.get(pair) ?? 0) + sign * word.weight);
      const words = this.#words.get(pair) ?? new Set();
      if (sign === 1) words.add(word);
      else words.delete(word);
      this.#words.set(pair, words);
    }
  }

  mostFrequent(): string | undefined {
    let best: string | undefined;
    let bestWeight = 0;
    for (const [pair, weight] of this.#weights) {
      if (weight > bestWeight || (weight === bestWeight && best !== undefined && pair < best)) {
        best = pair;
        bestWeight = weight;
      }
    }
    return best;
  }

  wordsWith(pair: string): Segmented[] {
    return [...(this.#words.get(pair) ?? [])];
  }
}

function merge(pieces: string[], left: string, right: string, merged: string): string[] {
  const result: string[] = [];
  for (let i = 0; i < pieces.length; i++) {
    if (pieces[i] === left && pieces[i + 1] === right) {
      result.push(merged);
      i++;
    } else {
      result.push(pieces[i]!);
    }
  }
  return result;
}
