/** @file Learning-rate schedules: pure functions of the step. */

export type ScheduleOptions = {
  readonly kind: "constant" | "linear" | "cosine";
  /** The highest rate, reached after the warm-up. */
  readonly peak: number;
  /** Steps of the linear rise from 0; default 0. */
  readonly warmupSteps?: number;
  /** Length of the run, warm-up included; the decay ends here. Needed unless constant. */
  readonly totalSteps?: number;
  /** Where the decay ends, as a share of `peak`; default 0. */
  readonly floor?: number;
};

/**
 * The rate for update number `step`, counted from 0.
 *
 * Warm-up: step w of W (from 0) has peak (w + 1) / W, so no step is wasted on rate 0. Then
 * constant, or from peak down to floor * peak, linearly or along half a cosine; later steps stay there.
 */
export function schedule(options: ScheduleOptions): (step: number) => number {
  const { kind, peak, warmupSteps = 0, totalSteps = Infinity, floor = 0 } = options;
  if (!(peak >= 0)) throw new RangeError(`schedule: peak must be >= 0, got ${peak}`);
  if (!(Number.isInteger(warmupSteps) && warmupSteps >= 0)) {
    throw new RangeError(`schedule: warmupSteps must be an integer from 0 up, got ${warmupSteps}`);
  }
  if (kind !== "constant" && !(Number.isInteger(totalSteps) && totalSteps > warmupSteps)) {
    throw new RangeError(
      `schedule: ${kind} needs totalSteps > warmupSteps, got ${totalSteps} and ${warmupSteps}`,
    );
  }
  if (!(floor >= 0 && floor <= 1))
    throw new RangeError(`schedule: floor must be in [0, 1], got ${floor}`);
  return (step) => {
    if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
    if (kind === "constant") return peak;
    const done = Math.min(1, (step - warmupSteps) / (totalSteps - warmupSteps));
    const left = kind === "linear" ? 1 - done : (1 + Math.cos(Math.PI * done)) / 2;
    return peak * (floor + (1 - floor) * left);
  };
}
