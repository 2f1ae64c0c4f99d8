/** @file How curves are laid out: over what, on which axes, how smooth; and runs with other steps made to meet. */
import { smooth } from "../../plot/index.ts";
import type { CurveGroup, Series } from "../../plot/types.ts";

export type CurveAxis = "step" | "time" | "samples";
/** Kept in the address; what is as usual is left out. */
export type CurveSearch = {
  axis?: CurveAxis | undefined;
  /** Percent of a run over which its points are averaged. */
  smooth?: number | undefined;
  log?: "x" | "y" | "xy" | undefined;
};

export const SMOOTHINGS = [0, 1, 2.5, 5, 10, 25] as const;
/** Single batches differ more than configurations. */
export const USUAL_SMOOTHING = 2.5;

export const AXIS_LABELS: Readonly<Record<CurveAxis, string>> = {
  step: "step",
  time: "seconds since the start",
  samples: "samples seen",
};

export function curveSearch(search: Record<string, unknown>): CurveSearch {
  const { axis, smooth: percent, log } = search;
  return {
    ...(axis === "time" || axis === "samples" ? { axis } : {}),
    ...(SMOOTHINGS.some((one) => one === percent) ? { smooth: Number(percent) } : {}),
    ...(log === "x" || log === "y" || log === "xy" ? { log } : {}),
  };
}

/** Samples a step takes, by the run's settings; undefined where they don't say. */
export function batchOf(params: Readonly<Record<string, string>>): number | undefined {
  const key = Object.keys(params).find((one) => /(?:^|\.)(?:batchSize|batch_size)$/.test(one));
  const size = Number(params[key ?? ""]);
  return size > 0 ? size : undefined;
}

type Points = {
  readonly steps: readonly number[];
  readonly seconds: readonly number[];
  readonly values: readonly (number | null)[];
};

/** A run's points over the axis; undefined if it isn't known where they lie on it. */
export function placed(
  points: Points,
  axis: CurveAxis,
  params: Readonly<Record<string, string>>,
): Series | undefined {
  const { steps, seconds, values } = points;
  const seed = Number(params["seed"] ?? 0);
  if (axis === "step") return { seed, steps, values };
  if (axis === "time") return { seed, steps: seconds, values };
  const batch = batchOf(params);
  return batch === undefined
    ? undefined
    : { seed, steps: steps.map((step) => step * batch), values };
}

/** As they are drawn: smoothed, without what a log axis can't hold, all members of a group at the same places. */
export function drawnGroup({ name, members }: CurveGroup, search: CurveSearch): CurveGroup {
  const percent = search.smooth ?? USUAL_SMOOTHING;
  const log = search.log ?? "";
  const calm = members.map((member) => {
    const window = Math.max(1, Math.round((member.steps.length * percent) / 100));
    return positive(smooth(member, window), log.includes("x"), log.includes("y"));
  });
  return { name, members: aligned(calm) };
}

function positive({ seed, steps, values }: Series, x: boolean, y: boolean): Series {
  const keep = (i: number): boolean => !x || steps[i]! > 0;
  return {
    seed,
    steps: steps.filter((_, i) => keep(i)),
    values: values
      .filter((_, i) => keep(i))
      .map((one) => (y && one !== null && one <= 0 ? null : one)),
  };
}

/** Places at which runs of a group are compared if they have none in common. */
const PLACES = 300;

/**
 * Members with the same places stay as they are. Others, thinned or timed each in its own way, are read
 * between their points at common places, so that a mean is over the same runs from place to place.
 */
function aligned(members: readonly Series[]): readonly Series[] {
  const first = members[0]?.steps ?? [];
  const same = members.every(
    ({ steps }) => steps.length === first.length && steps.every((step, i) => step === first[i]),
  );
  if (same) return members;
  const all = [...new Set(members.flatMap(({ steps }) => steps))].sort((a, b) => a - b);
  const every = Math.max(1, Math.ceil(all.length / PLACES));
  const places = all.filter((_, i) => i % every === 0 || i === all.length - 1);
  return members.map(({ seed, steps, values }) => ({
    seed,
    steps: places,
    values: readAt(places, steps, values),
  }));
}

function readAt(
  places: readonly number[],
  steps: readonly number[],
  values: readonly (number | null)[],
): (number | null)[] {
  let i = 0;
  return places.map((place) => {
    while (i < steps.length - 1 && steps[i + 1]! <= place) i++;
    const [from, to] = [steps[i], steps[i + 1]];
    if (from === undefined || place < from) return null;
    const left = values[i] ?? null;
    if (place === from) return left;
    const right = to === undefined ? null : (values[i + 1] ?? null);
    if (left === null || right === null || to === undefined) return null;
    return left + ((right - left) * (place - from)) / (to - from);
  });
}
