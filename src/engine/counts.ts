/** @file How many updates each parameter has had: what Adam's bias correction goes by. */
import { firstMoment } from "./adamw.ts";
import type { State } from "./tensor.ts";
import { scalar } from "./tensor.ts";

/** State name of the number of updates made. */
export const STEP = "adam.step";

/** State name of the updates of one parameter, where buckets that don't reach it made it fewer. */
const ownStep = (name: string): string => `${STEP}/${name}`;

/** Counts of a trainer. A parameter that a step's loss does not reach is not updated by it. */
export class UpdateCounts {
  #total = 0;
  readonly #own = new Map<string, number>();

  static from(state: State): UpdateCounts {
    const counts = new UpdateCounts();
    const read = (name: string): number | undefined => {
      const found = state.get(name);
      return found === undefined ? undefined : Number(found.data[0]);
    };
    counts.#total = read(STEP) ?? 0;
    const prefix = firstMoment("");
    for (const key of state.keys()) {
      if (!key.startsWith(prefix)) continue;
      const name = key.slice(prefix.length);
      counts.#own.set(name, read(ownStep(name)) ?? counts.#total);
    }
    return counts;
  }

  get total(): number {
    return this.#total;
  }

  of(parameter: string): number {
    return this.#own.get(parameter) ?? 0;
  }

  /** `updates` more of these parameters. */
  add(parameters: readonly string[], updates: number): void {
    this.#total += updates;
    for (const name of parameters) this.#own.set(name, this.of(name) + updates);
  }

  /** Adds the counts to a state that is to be saved. */
  write(state: State): void {
    state.set(STEP, scalar(this.#total));
    for (const [name, count] of this.#own) {
      if (count !== this.#total) state.set(ownStep(name), scalar(count));
    }
  }
}

/** The tensors of a state that live in the executor. */
export function withoutCounts(state: State): State {
  return new Map([...state].filter(([name]) => name !== STEP && !name.startsWith(ownStep(""))));
}
