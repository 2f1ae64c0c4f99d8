/** @file Collects the queries and candidates of one task and split, and checks them. */
import type { Item, Query, Split } from "../types.ts";
import type { BuiltTask } from "./output.ts";
import { miniTask } from "./pretraining-tasks.ts";

export type QueryInput = {
  readonly id: string;
  readonly item: Item;
  /** One id, several, or ids with grades. */
  readonly positives: string | readonly string[] | ReadonlyMap<string, number>;
  readonly candidates?: readonly string[];
  readonly label?: string;
};

/** Grades of positives given in any of the three short forms. */
function graded(positives: QueryInput["positives"]): ReadonlyMap<string, number> {
  if (typeof positives === "string") return new Map([[positives, 1]]);
  if (positives instanceof Map) return positives as ReadonlyMap<string, number>;
  return new Map([...(positives as readonly string[])].map((id) => [id, 1]));
}

export class TaskBuilder {
  readonly name: string;
  readonly split: Split;
  readonly #queries = new Map<string, Query>();
  readonly #corpus = new Map<string, Item>();
  readonly #labels = new Map<string, string>();

  constructor(name: string, split: Split) {
    this.name = name;
    this.split = split;
  }

  /** Adds a candidate once; adding the same id again must bring the same item. */
  candidate(id: string, item: Item, label?: string): this {
    const known = this.#corpus.get(id);
    if (known && JSON.stringify(known) !== JSON.stringify(item)) {
      throw new Error(
        `${this.name}/${this.split}: candidate ${id} is both ${JSON.stringify(known)} and ${JSON.stringify(item)}`,
      );
    }
    this.#corpus.set(id, item);
    if (label !== undefined) this.#labels.set(id, label);
    return this;
  }

  query({ id, item, positives, candidates, label }: QueryInput): this {
    if (this.#queries.has(id))
      throw new Error(`${this.name}/${this.split}: query ${id} appears twice`);
    this.#queries.set(id, {
      id,
      item,
      positives: graded(positives),
      ...(candidates && { candidates }),
      ...(label !== undefined && { label }),
    });
    return this;
  }

  get size(): number {
    return this.#queries.size;
  }

  /** The finished task. Throws on a positive or candidate that the corpus lacks. */
  build(): BuiltTask {
    const { name, split } = this;
    const info = miniTask(name);
    for (const query of this.#queries.values()) {
      const pool = query.candidates && new Set(query.candidates);
      if (query.positives.size === 0)
        throw new Error(`${name}/${split}: query ${query.id} has no positive`);
      for (const id of query.positives.keys()) {
        if (!this.#corpus.has(id))
          throw new Error(`${name}/${split}: positive ${id} of ${query.id} is not in the corpus`);
        if (pool && !pool.has(id))
          throw new Error(
            `${name}/${split}: positive ${id} of ${query.id} is not among its candidates`,
          );
      }
      for (const id of pool ?? []) {
        if (!this.#corpus.has(id))
          throw new Error(`${name}/${split}: candidate ${id} of ${query.id} is not in the corpus`);
      }
    }
    return {
      name,
      split,
      modality: info.modality,
      metaTask: info.metaTask,
      kind: info.kind,
      domain: info.domain,
      scope: info.scope,
      metric: info.modality === "visdoc" ? "ndcg_linear@5" : "hit@1",
      queryInstruction: info.queryInstruction,
      targetInstruction: info.targetInstruction,
      temperatureGroup: info.temperatureGroup,
      queries: [...this.#queries.values()],
      corpus: this.#corpus,
      ...(this.#labels.size > 0 && { labels: this.#labels }),
    };
  }
}
