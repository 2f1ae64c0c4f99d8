/** @file Scores -> ranks of the positives. The tie rule of the project lives here and nowhere else. */

/** A relevant candidate of one query: its place in the score list and its grade (> 0). */
export type Positive = { readonly index: number; readonly grade: number };

/** A positive after ranking; rank 1 is best. */
export type RankedPositive = Positive & { readonly score: number; readonly rank: number };

/**
 * Rank of candidate `positive` among `scores` [candidates], 1 = best.
 *
 * A tie counts against the positive, so an encoder that maps everything to one point ranks last
 * instead of first. NaN candidates count against it too.
 */
export function rankOf(scores: ArrayLike<number>, positive: number): number {
  const own = ownScore(scores, positive);
  let rank = 1;
  for (let j = 0; j < scores.length; j++) if (j !== positive && !(scores[j]! < own)) rank++;
  return rank;
}

/**
 * Ranks of several positives in one list, best first.
 *
 * Non-positives win every tie. Among tied positives the lower grade comes first (again against the
 * encoder), then the lower index. The ranks are those of one total order, hence all different.
 */
export function rankPositives(
  scores: ArrayLike<number>,
  positives: readonly Positive[],
): RankedPositive[] {
  const isPositive = new Set(positives.map((p) => p.index));
  const ahead = positives.map(({ index }) => {
    const own = ownScore(scores, index);
    let count = 0;
    for (let j = 0; j < scores.length; j++) if (!(scores[j]! < own) && !isPositive.has(j)) count++;
    return count;
  });
  return orderPositives(
    positives.map((p, i) => ({ ...p, score: scores[p.index]!, ahead: ahead[i]! })),
  );
}

/**
 * The last step of ranking: from the number of non-positives at or above each positive to ranks.
 * A chunked scorer that only counts calls this directly.
 */
export function orderPositives(
  positives: readonly (Positive & { readonly score: number; readonly ahead: number })[],
): RankedPositive[] {
  return [...positives]
    .sort((a, b) => b.score - a.score || a.grade - b.grade || a.index - b.index)
    .map(({ ahead, ...positive }, i) => ({ ...positive, rank: ahead + i + 1 }));
}

function ownScore(scores: ArrayLike<number>, positive: number): number {
  const own = scores[positive];
  if (own === undefined || Number.isNaN(own)) {
    throw new RangeError(`rankOf: score of candidate ${positive} of ${scores.length} is ${own}`);
  }
  return own;
}
