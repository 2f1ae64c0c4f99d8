/** @file Training pairs and which of a batch's pairs truly match. */
import type { Tensor } from "../engine/index.ts";
import { tensor } from "../engine/index.ts";
import type { Pair } from "../data/index.ts";
import type { Item } from "../data/types.ts";

export function targetOf({ task, query, targetId }: Pair): Item {
  const item = task.corpus.get(targetId);
  if (item !== undefined) return item;
  throw new RangeError(`${task.name}, query ${query.id}: target ${targetId} is not in the corpus`);
}

/**
 * Which target truly answers which of the queries `start` to `start + rows`, the pairs themselves left
 * out: bool [rows, batch], false on the batch's diagonal. A target matches if it is a positive of the query, shares its label, or is the
 * same text as its own target (class names of merged sets).
 */
export function trueMatches(pairs: readonly Pair[], start = 0, rows = pairs.length): Tensor {
  const n = pairs.length;
  const data = new Uint8Array(rows * n);
  const texts = pairs.map((pair) => plainText(targetOf(pair)));
  for (let i = start; i < start + rows; i++) {
    for (const [j, other] of pairs.entries()) {
      const sameText = texts[i] !== undefined && texts[i] === texts[j];
      if (i !== j && (sameText || answers(pairs[i]!, other))) data[(i - start) * n + j] = 1;
    }
  }
  return tensor(data, [rows, n], "bool");
}

function answers({ task, query }: Pair, other: Pair): boolean {
  if (task !== other.task) return false;
  if (query.positives.has(other.targetId)) return true;
  const label = task.labels?.get(other.targetId);
  return label !== undefined && label === query.label;
}

/** The text of an item that is nothing else. */
function plainText({ text, image, video, document }: Item): string | undefined {
  const picture = image ?? video ?? document;
  return picture === undefined ? text : undefined;
}
