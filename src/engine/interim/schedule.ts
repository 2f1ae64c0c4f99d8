/** @file Learning rates over the steps of a run. */

export type ScheduleOptions = {
  readonly kind: "constant" | "linear" | "cosine";
  /** The learning rate after warm-up. */
  readonly peak: number;
  /** Steps over which it rises from peak / warmupSteps to the peak. */
  readonly warmupSteps?: number;
  /** Step at which `linear` and `cosine` reach 0. */
  readonly totalSteps: number;
};

/** The learning rate of a step, counted from 0. */
export function schedule({
  kind,
  peak,
  warmupSteps = 0,
  totalSteps,
}: ScheduleOptions): (step: number) => number {
  if (!(peak > 0)) throw new RangeError(`schedule: peak must be > 0, got ${peak}`);
  if (!(warmupSteps >= 0 && totalSteps >= 1)) {
    throw new RangeError(
      `schedule: expected warmupSteps >= 0 and totalSteps >= 1, got ${warmupSteps} and ${totalSteps}`,
    );
  }
  return (step) => {
    if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
    const length = Math.max(1, totalSteps - warmupSteps);
    const done = Math.min(1, (step - warmupSteps) / length);
    switch (kind) {
      case "constant":
        return peak;
      case "linear":
        return peak * (1 - done);
      case "cosine":
        return peak * 0.5 * (1 + Math.cos(Math.PI * done));
    }
  };
}
