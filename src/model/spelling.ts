/** @file How a token is spelled, as numbers: which letters, in which part of it. */

/** Characters counted apart; all others share one place. */
const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
/** The whole, then halves, then quarters: a pyramid of positions. */
const PARTS = [1, 2, 4] as const;
const CELLS = PARTS.reduce((sum, parts) => sum + parts, 0);

export const SPELLING_SIZE = CELLS * (ALPHABET.length + 1);

/**
 * Soft counts of each character in the whole token, its halves and its quarters; a character lies
 * in the parts its interval overlaps. A leading `##` is not spelled.
 */
export function spellingFeatures(token: string): Float32Array {
  const letters = Array.from(token.length > 2 && token.startsWith("##") ? token.slice(2) : token);
  const features = new Float32Array(SPELLING_SIZE);
  let cell = 0;
  for (const parts of PARTS) {
    for (let part = 0; part < parts; part++, cell++) {
      for (const [i, letter] of letters.entries()) {
        const overlap = overlapOf(i / letters.length, (i + 1) / letters.length, part, parts);
        const known = ALPHABET.indexOf(letter);
        const place = known === -1 ? ALPHABET.length : known;
        features[cell * (ALPHABET.length + 1) + place]! += overlap * letters.length;
      }
    }
  }
  return features;
}

function overlapOf(start: number, end: number, part: number, parts: number): number {
  return Math.max(0, Math.min(end, (part + 1) / parts) - Math.max(start, part / parts));
}
