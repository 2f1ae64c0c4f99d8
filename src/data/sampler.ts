/** @file Training batches: one data set each, deterministic, resumable at any batch. */
import { mixtureSources, permutation, type MixtureOptions, type Source } from "./mixture.ts";
import { PairIndex } from "./plant.ts";
import type { Query, Task } from "./types.ts";

/** A seeded stream of draws that can be saved and restored: `Random` of src/engine. */
export interface RandomSource {
  uniform(): number;
  /** Uniform in 0 ... n - 1. */
  int(n: number): number;
  /** JSON. */
  state(): unknown;
  restore(state: never): void;
}

/** A query and one of its positives. */
export type Pair = { readonly task: Task; readonly query: Query; readonly targetId: string };

export type PairBatch = {
  /** Name of the source: a task, or a merged pool of classification sets. */
  readonly source: string;
  /** `batchSize` pairs; the last `planted` of them repeat another pair's target. */
  readonly pairs: readonly Pair[];
  readonly planted: number;
};

export type SamplerOptions = MixtureOptions & {
  readonly batchSize: number;
  readonly random: RandomSource;
  /**
   * Share of each batch whose target is that of another pair of the batch, or has its label: the
   * control that makes false negatives at a known rate. A different query is taken where there is
   * one, else the pair is repeated. Default 0.
   */
  readonly plantDuplicates?: number;
  /**
   * By task name, a pattern on query ids: of queries whose matches have the same first group, up to
   * `TOGETHER` come one after another. Without a group the whole match counts.
   */
  readonly together?: Readonly<Record<string, string>>;
  /** `forbid`: no two pairs of a batch have the same target. Default `allow`. */
  readonly duplicateTargets?: "allow" | "forbid";
};

/** JSON. */
export type SamplerState = {
  readonly random: unknown;
  readonly capSeed: number;
  readonly sources: readonly SourceState[];
};

type SourceState = {
  readonly name: string;
  /** Seed of this pass' order; null before the first. */
  readonly seed: number | null;
  readonly position: number;
  /** Entries passed over because their target was in the batch; they come first in the next. */
  readonly deferred: readonly number[];
};

type Cursor = { seed: number | null; position: number; deferred: number[]; order: Uint32Array };

const SEEDS = 2 ** 31;
/** Most queries of a kind that follow one another: a batch needs several kinds. */
const TOGETHER = 8;

/**
 * Draws batches of pairs. A source's queries come in a new random order in every pass; a rest
 * smaller than a batch is left for the next pass. A source with fewer queries than a batch repeats
 * them. Of a query with several positives one is drawn each time.
 */
export class PairSampler {
  readonly #options: SamplerOptions;
  readonly #planted: number;
  #capSeed: number;
  #sources: Source[];
  #cursors: Cursor[];
  #index = new PairIndex();

  constructor(options: SamplerOptions) {
    const { batchSize, plantDuplicates = 0, duplicateTargets = "allow", random } = options;
    if (!(Number.isInteger(batchSize) && batchSize > 0)) {
      throw new RangeError(`PairSampler: batchSize must be a positive integer, got ${batchSize}`);
    }
    if (!(plantDuplicates >= 0 && plantDuplicates < 1)) {
      throw new RangeError(
        `PairSampler: plantDuplicates must be in [0, 1), got ${plantDuplicates}`,
      );
    }
    if (plantDuplicates > 0 && duplicateTargets === "forbid") {
      throw new RangeError("PairSampler: plantDuplicates > 0 contradicts duplicateTargets forbid");
    }
    this.#options = options;
    this.#planted = Math.min(batchSize - 1, Math.round(plantDuplicates * batchSize));
    this.#capSeed = random.int(SEEDS);
    this.#sources = mixtureSources(options, this.#capSeed);
    this.#cursors = this.#sources.map(() => freshCursor());
    if (duplicateTargets === "forbid") this.#checkDistinctTargets();
  }

  /** What batches are drawn from, with the share of each. */
  get sources(): readonly Source[] {
    return this.#sources;
  }

  next(): PairBatch {
    const { random } = this.#options;
    const at = this.#pickSource();
    const source = this.#sources[at]!;
    const drawn = this.#draw(source, this.#cursors[at]!, this.#options.batchSize - this.#planted);
    const pairs = [...drawn];
    while (pairs.length < this.#options.batchSize) {
      const donor = drawn[random.int(drawn.length)]!;
      pairs.push(this.#index.alike(source, donor, pairs, random));
    }
    return { source: source.name, pairs, planted: this.#planted };
  }

  /** Everything that decides the batches to come. */
  state(): SamplerState {
    return {
      random: this.#options.random.state(),
      capSeed: this.#capSeed,
      sources: this.#cursors.map(({ seed, position, deferred }, i) => ({
        name: this.#sources[i]!.name,
        seed,
        position,
        deferred: [...deferred],
      })),
    };
  }

  /** Continues where `state` was taken; tasks and options must be those it was taken with. */
  restore(state: SamplerState): void {
    const sources = mixtureSources(this.#options, state.capSeed);
    const names = (list: readonly { name: string }[]): string =>
      list.map(({ name }) => name).join(", ");
    if (names(sources) !== names(state.sources)) {
      throw new RangeError(
        `PairSampler.restore: the state is of sources ${names(state.sources)}, not ${names(sources)}`,
      );
    }
    this.#options.random.restore(state.random as never);
    this.#capSeed = state.capSeed;
    this.#sources = sources;
    this.#index = new PairIndex();
    this.#cursors = state.sources.map(({ seed, position, deferred }, i) => ({
      seed,
      position,
      deferred: [...deferred],
      order: seed === null ? new Uint32Array() : this.#order(sources[i]!, seed),
    }));
  }

  #pickSource(): number {
    let left = this.#options.random.uniform();
    for (const [i, { share }] of this.#sources.entries()) {
      left -= share;
      if (left < 0) return i;
    }
    return this.#sources.length - 1;
  }

  #draw(source: Source, cursor: Cursor, count: number): Pair[] {
    const forbid = this.#options.duplicateTargets === "forbid";
    const size = source.entries.length;
    const pairs: Pair[] = [];
    const targets = new Set<string>();
    let deferred: number[] = [];
    let renewed = false;
    if (size >= count && cursor.deferred.length + cursor.order.length - cursor.position < count)
      this.#renew(cursor, source);
    while (pairs.length < count) {
      if (cursor.deferred.length === 0 && cursor.position >= cursor.order.length) {
        // With forbidden duplicates a pass may end early; its rest comes in the next one.
        if (forbid && renewed) throw new RangeError(unfillable(source, count, targets.size));
        this.#renew(cursor, source);
        deferred = [];
        renewed = true;
      }
      const entry = cursor.deferred.shift() ?? cursor.order[cursor.position++]!;
      const pair = this.#pairOf(source.entries[entry]!);
      const target = targetKey(pair);
      if (forbid && targets.has(target)) {
        deferred.push(entry);
        continue;
      }
      targets.add(target);
      pairs.push(pair);
    }
    cursor.deferred.unshift(...deferred);
    return pairs;
  }

  #renew(cursor: Cursor, source: Source): void {
    cursor.seed = this.#options.random.int(SEEDS);
    cursor.order = this.#order(source, cursor.seed);
    cursor.position = 0;
    cursor.deferred = [];
  }

  /** The order of a pass: random, kinds that belong together made neighbours. */
  #order({ entries }: Source, seed: number): Uint32Array {
    const order = permutation(entries.length, seed);
    const { together = {} } = this.#options;
    const kindOf = ({ task, query }: Source["entries"][number]): string | undefined => {
      const match = Object.hasOwn(together, task.name)
        ? new RegExp(together[task.name]!, "u").exec(query.id)
        : null;
      return match === null ? undefined : `${task.name} ${match[1] ?? match[0]}`;
    };
    return neighbours(order, (entry) => kindOf(entries[entry]!));
  }

  #pairOf({ task, query }: Source["entries"][number]): Pair {
    const ids = [...query.positives.keys()];
    const targetId = ids.length === 1 ? ids[0]! : ids[this.#options.random.int(ids.length)]!;
    return { task, query, targetId };
  }

  #checkDistinctTargets(): void {
    for (const source of this.#sources) {
      const keys = source.entries.flatMap(({ task, query }) =>
        [...query.positives.keys()].map((targetId) => targetKey({ task, query, targetId })),
      );
      const distinct = new Set(keys).size;
      if (distinct < this.#options.batchSize) {
        throw new RangeError(unfillable(source, this.#options.batchSize, distinct));
      }
    }
  }
}

/** Entries of one kind follow the first of them, at most `TOGETHER` at a time; the rest keeps its order. */
function neighbours(
  order: Uint32Array,
  kindOf: (entry: number) => string | undefined,
): Uint32Array {
  const kinds = new Map<string, number[][]>();
  const runs: number[][] = [];
  for (const entry of order) {
    const kind = kindOf(entry);
    const own = kind === undefined ? [] : (kinds.get(kind) ?? []);
    const open = own.at(-1);
    if (open !== undefined && open.length < TOGETHER) {
      open.push(entry);
      continue;
    }
    const run = [entry];
    runs.push(run);
    if (kind !== undefined) kinds.set(kind, [...own, run]);
  }
  return Uint32Array.from(runs.flat());
}

function freshCursor(): Cursor {
  return { seed: null, position: 0, deferred: [], order: new Uint32Array() };
}

/** Two targets are the same if they are one candidate, or the same text of merged sets. */
function targetKey({ task, targetId }: Pair): string {
  const { text, image, video, document } = task.corpus.get(targetId)!;
  if (text !== undefined && !image && !video && !document) return `text ${text}`;
  return `${task.name} ${targetId}`;
}

function unfillable({ name }: Source, wanted: number, found: number): string {
  return `PairSampler: ${name} has ${found} distinct targets, a batch without duplicates needs ${wanted}`;
}
