/** @file The soups of the soup grid: for each replicate, of its mixtures and, as control, of its orders. */
import type { BarrierLine } from "../plot/types.ts";
import { gridMembers } from "./ablate.ts";
import { MIXTURES, SEED_MEMBERS } from "./grids.ts";
import { digestOf } from "./identity.ts";
import type { OnProgress } from "./progress.ts";
import { memberTag } from "./record.ts";
import { BARRIERS_TAG, TAGS } from "./tags.ts";
import type { Workshop } from "./run.ts";
import { barrierBetween, makeSoup } from "./soup.ts";
import type { SoupMethod } from "./soup.ts";

type SoupCell = {
  readonly name: string;
  readonly kind: "uniform" | "weighted" | "greedy" | "control";
  readonly method: SoupMethod;
  /** Of the members that differ in the order of data alone. */
  readonly seedOnly: boolean;
  readonly weights?: readonly number[];
};

export const SOUP_CELLS: readonly SoupCell[] = [
  { name: "uniform soup", kind: "uniform", method: "uniform", seedOnly: false },
  // The document mixture counts double: the paper weighs its members, but doesn't say how.
  {
    name: "weighted soup",
    kind: "weighted",
    method: "weighted",
    seedOnly: false,
    weights: [1, 1, 2],
  },
  { name: "greedy soup", kind: "greedy", method: "greedy", seedOnly: false },
  { name: "seed-only soup", kind: "control", method: "uniform", seedOnly: true },
];

export type SoupsOptions = { readonly experiment: string; readonly onProgress?: OnProgress };

/** Makes every soup that isn't stored yet, and the loss barriers of the first replicate. */
export async function makeSoups(
  shop: Workshop,
  { experiment, onProgress }: SoupsOptions,
): Promise<void> {
  const members = gridMembers(shop.store, experiment, "soup");
  const replicates = [...new Set(members.map((m) => m.replicate))].sort((a, b) => a - b);
  const idsOf = (replicate: number, seedOnly: boolean): string[] =>
    (seedOnly ? SEED_MEMBERS : MIXTURES).flatMap(
      ({ name }) => members.find((m) => m.cell === name && m.replicate === replicate)?.run.id ?? [],
    );
  const total = replicates.length * SOUP_CELLS.length;
  let done = 0;
  for (const replicate of replicates) {
    for (const cell of SOUP_CELLS) {
      const ids = idsOf(replicate, cell.seedOnly);
      if (ids.length === 3) await soupOf(shop, ids, cell, { experiment, replicate });
      onProgress?.({ stage: "soups", done: ++done, total, note: cell.name });
    }
  }
  const [first] = replicates;
  if (first !== undefined)
    await barriers(shop, experiment, idsOf(first, false), idsOf(first, true));
}

async function soupOf(
  shop: Workshop,
  ids: readonly string[],
  { name, method, weights }: SoupCell,
  { experiment, replicate }: { experiment: string; replicate: number },
): Promise<void> {
  const key = digestOf({ soup: method, weights, ids }).slice(0, 32);
  const tag = { [memberTag(experiment, "soup")]: JSON.stringify({ cell: name, replicate }) };
  const [found] = shop.store.searchRuns({
    where: {
      and: [
        { tag: TAGS.key, is: "=", value: key },
        { attribute: "status", is: "=", value: "FINISHED" },
      ],
    },
  });
  if (found !== undefined) return shop.store.setTags(found.id, tag);
  await makeSoup(shop, ids, {
    method,
    ...(weights === undefined ? {} : { weights }),
    experiment,
    name: `${name} #${replicate}`,
    tags: { [TAGS.key]: key, ...tag },
  });
}

/** Lines between mixtures, and between two orders of one mixture, kept with the first soup. */
async function barriers(
  shop: Workshop,
  experiment: string,
  mixtures: readonly string[],
  orders: readonly string[],
): Promise<void> {
  const [soup] = gridMembers(shop.store, experiment, "soup").filter(
    (m) => m.cell === SOUP_CELLS[0]!.name && m.replicate === 0,
  );
  if (soup === undefined || soup.run.tags[BARRIERS_TAG] !== undefined) return;
  const lines: BarrierLine[] = [];
  const add = async (name: string, pair: readonly (string | undefined)[]): Promise<void> => {
    const [a, b] = pair;
    if (a !== undefined && b !== undefined) lines.push(await barrierBetween(shop, name, [a, b]));
  };
  await add("mix image to mix video", [mixtures[0], mixtures[1]]);
  await add("mix image to mix visdoc", [mixtures[0], mixtures[2]]);
  await add("order 1 to order 2", [orders[0], orders[1]]);
  shop.store.logArtifact(soup.run.id, "barriers.json", JSON.stringify(lines));
  shop.store.setTags(soup.run.id, { [BARRIERS_TAG]: experiment });
}
