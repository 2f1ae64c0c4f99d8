/** @file Dynamic loss scaling: gradients kept within the range of 16-bit floats. */
import type { State } from "./tensor.ts";
import { scalar } from "./tensor.ts";

export type LossScalingOptions = {
  /** Scale of the first step; a power of two changes no digits. Default 2^16. */
  readonly initial?: number;
  /** The scale doubles after this many steps without an overflow. Default 2000. */
  readonly growthInterval?: number;
};

/** The graph input that the loss is multiplied by. */
export const LOSS_SCALE = "optimizer.lossScale";

/** State names of the scale and of the steps since it last changed. */
const SCALE = "adam.lossScale";
const STEADY = "adam.lossScale.steady";

/** A float32 holds no larger power of two. */
const LARGEST = 2 ** 127;

/** The scale of a trainer: halved by a step that overflows, doubled after many that don't. */
export class LossScale {
  #value: number | null;
  #steady: number;

  private constructor(value: number | null, steady: number) {
    this.#value = value;
    this.#steady = steady;
  }

  static from(state: State): LossScale {
    const read = (name: string): number | null => {
      const found = state.get(name);
      return found === undefined ? null : Number(found.data[0]);
    };
    return new LossScale(read(SCALE), read(STEADY) ?? 0);
  }

  value({ initial = 2 ** 16 }: LossScalingOptions): number {
    this.#value ??= initial;
    return this.#value;
  }

  /** After `steps` updates without an overflow. */
  kept(steps: number, { growthInterval = 2_000 }: LossScalingOptions): void {
    if (this.#value === null) return;
    this.#steady += steps;
    if (this.#steady < growthInterval) return;
    this.#value = Math.min(LARGEST, 2 * this.#value);
    this.#steady = 0;
  }

  /** After a step that overflowed. False where the scale is 1 already: then it is no matter of scale. */
  overflowed(): boolean {
    if (this.#value === null || this.#value <= 1) return false;
    this.#value = Math.max(1, this.#value / 2);
    this.#steady = 0;
    return true;
  }

  /** Adds the scale to a state that is to be saved. */
  write(state: State): void {
    if (this.#value === null) return;
    state.set(SCALE, scalar(this.#value));
    state.set(STEADY, scalar(this.#steady));
  }
}

/** The rest of a state. */
export function withoutLossScale(state: State): State {
  return new Map([...state].filter(([name]) => name !== SCALE && name !== STEADY));
}
