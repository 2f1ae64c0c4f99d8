/** @file Planted duplicates: pairs that share their target, or its label, with a pair of the batch. */
import type { Source } from "./mixture.ts";
import type { Pair, RandomSource } from "./sampler.ts";

type Entry = Source["entries"][number];

/** Finds the queries of a source that a target answers. Built when first asked. */
export class PairIndex {
  readonly #bySource = new Map<string, Map<string, Entry[]>>();

  /**
   * A pair whose target is the donor's, or another of its label: with a query that is not in the
   * batch if there is one, else the donor again.
   */
  alike(source: Source, donor: Pair, batch: readonly Pair[], random: RandomSource): Pair {
    const taken = new Set(batch.map(({ query }) => query));
    const entries = this.#matching(source, donor).filter(({ query }) => !taken.has(query));
    if (entries.length === 0) return donor;
    const { task, query } = entries[random.int(entries.length)]!;
    return { task, query, targetId: this.#targetOf(query, donor) };
  }

  /** The donor's target if it answers the query, else the positive that shares its label. */
  #targetOf(query: Entry["query"], donor: Pair): string {
    if (query.positives.has(donor.targetId)) return donor.targetId;
    const label = donor.task.labels?.get(donor.targetId);
    const ids = [...query.positives.keys()];
    return ids.find((id) => donor.task.labels?.get(id) === label) ?? ids[0]!;
  }

  #matching(source: Source, donor: Pair): Entry[] {
    const index = this.#bySource.get(source.name) ?? buildIndex(source);
    this.#bySource.set(source.name, index);
    const label = donor.task.labels?.get(donor.targetId);
    const same = index.get(targetKey(donor.task.name, donor.targetId)) ?? [];
    const alike = label === undefined ? [] : (index.get(labelKey(donor.task.name, label)) ?? []);
    return [...new Set([...same, ...alike])];
  }
}

function buildIndex({ entries }: Source): Map<string, Entry[]> {
  const index = new Map<string, Entry[]>();
  const add = (key: string, entry: Entry): void => {
    const known = index.get(key);
    if (known) known.push(entry);
    else index.set(key, [entry]);
  };
  for (const entry of entries) {
    const { task, query } = entry;
    const labels = new Set<string>();
    for (const id of query.positives.keys()) {
      add(targetKey(task.name, id), entry);
      const label = task.labels?.get(id);
      if (label !== undefined) labels.add(label);
    }
    for (const label of labels) add(labelKey(task.name, label), entry);
  }
  return index;
}

function targetKey(task: string, id: string): string {
  return `target ${task} ${id}`;
}

function labelKey(task: string, label: string): string {
  return `label ${task} ${label}`;
}
