/** @file The learnable temperature (spec 1.5): one scalar a task group, trained with the model. */
import type { Graph, State, Value } from "../engine/index.ts";
import { clamp, exp, tensor } from "../engine/index.ts";

export type TemperatureOptions = {
  /** Which temperature: tasks of one group share it, e.g. "image-retrieval". */
  readonly group: string;
  /** Start value; 0.05 suits small towers, 0.02 large backbones. */
  readonly init?: number;
  /** Bounds; the lower one is needed, since descent lowers t without end on separable data. */
  readonly min?: number;
  readonly max?: number;
};

/** Name of the parameter theta = log t of a group. */
export function thetaName(group: string): string {
  return `loss.theta/${group}`;
}

/**
 * t = exp(clamp(theta, log min, log max)), theta a parameter of the graph: []
 *
 * theta wants no weight decay. Outside the bounds its gradient is zero. The start value is not in the
 * graph: put `initialTheta` into the state.
 */
export function temperature(graph: Graph, options: TemperatureOptions): Value {
  const { min, max } = checked(options);
  const theta = graph.parameter(thetaName(options.group), []);
  return exp(clamp(theta, Math.log(min), Math.log(max)));
}

/** The state entry that starts a group's temperature at `init`. */
export function initialTheta(options: TemperatureOptions): State {
  const { init } = checked(options);
  return new Map([[thetaName(options.group), tensor([Math.log(init)], [])]]);
}

function checked({ group, init = 0.05, min = 0.01, max = 1 }: TemperatureOptions): {
  init: number;
  min: number;
  max: number;
} {
  if (!(min > 0 && min <= init && init <= max && max < Infinity)) {
    const got = `min ${min}, init ${init}, max ${max}`;
    throw new RangeError(`temperature ${group}: needs 0 < min <= init <= max, got ${got}`);
  }
  return { init, min, max };
}
