/** @file AdamW as graph nodes (Loshchilov and Hutter; PyTorch's form). */
import type { Graph, Value } from "./graph.ts";
import { add, div, mul, sub } from "./ops/arithmetic.ts";
import { sqrt } from "./ops/math.ts";
import { reshape, split } from "./ops/shape.ts";
import type { Tensor } from "./tensor.ts";
import { scalar, tensor } from "./tensor.ts";

/** Parameters that share weight decay and learning rate. */
export type ParameterGroup = {
  readonly parameters: readonly Value[];
  /** Decoupled: every update first multiplies the parameter by 1 - rate * decay. Default 0. */
  readonly weightDecay?: number;
  /** Multiplies the fed learning rate. Default 1. */
  readonly learningRateScale?: number;
};

export type AdamOptions = {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
};

export type AdamRates = Required<AdamOptions>;

/** State names of a parameter's running means of gradient and squared gradient. */
export const firstMoment = (name: string): string => `adam.m/${name}`;
export const secondMoment = (name: string): string => `adam.v/${name}`;
/** What the update needs each step, fed. */
const RATES = "optimizer.rates";
const STABILIZERS = "optimizer.stabilizers";
const LEARNING_RATE = "optimizer.learningRate";

export type AdamInputs = {
  /** Of each parameter, in order: [1] */
  readonly rates: readonly Value[];
  readonly stabilizers: readonly Value[];
  /** [] */
  readonly learningRate: Value;
};

/** Inputs for the update of `count` parameters. */
export function adamInputs(graph: Graph, count: number): AdamInputs {
  const each = (name: string): Value[] =>
    split(graph.input(name, [count]), { axis: 0, sizes: Array.from({ length: count }, () => 1) });
  return {
    rates: each(RATES),
    stabilizers: each(STABILIZERS),
    learningRate: graph.input(LEARNING_RATE, []),
  };
}

/**
 * What is fed for a step in which parameter i has its update number `updates[i]`, counted from 1.
 * With c1 = 1 - beta1^update and c2 = 1 - beta2^update, the textbook's
 *
 *     lr (m / c1) / (sqrt(v / c2) + epsilon)  =  rate m / (sqrt(v) + stabilizer)
 *     rate = lr sqrt(c2) / c1,  stabilizer = epsilon sqrt(c2)
 *
 * which takes two passes over the parameter fewer. Computed here in f64.
 */
export function adamFeeds(
  updates: readonly number[],
  scales: readonly number[],
  learningRate: number,
  { beta1, beta2, epsilon }: AdamRates,
): Record<string, Tensor> {
  const roots = updates.map((update) => Math.sqrt(1 - beta2 ** update));
  const rates = updates.map(
    (update, i) => (learningRate * scales[i]! * roots[i]!) / (1 - beta1 ** update),
  );
  return {
    [RATES]: tensor(Float64Array.from(rates), [updates.length]),
    [STABILIZERS]: tensor(
      Float64Array.from(roots, (root) => epsilon * root),
      [updates.length],
    ),
    [LEARNING_RATE]: scalar(learningRate),
  };
}

export type Moments = { readonly parameter: Value; readonly m: Value; readonly v: Value };

export type AdamUpdate = {
  readonly parameter: Value;
  readonly gradient: Value;
  /** Multiplies the gradient (clipping); null is 1. */
  readonly clip: Value | null;
  readonly weightDecay: number;
  readonly learningRateScale: number;
};

/** One parameter's share of `AdamInputs`. */
export type AdamFed = {
  readonly rate: Value;
  readonly stabilizer: Value;
  readonly learningRate: Value;
};

/**
 * The next parameter and moments:
 *
 *     m' = beta1 m + (1 - beta1) g,  v' = beta2 v + (1 - beta2) g^2
 *     p' = p (1 - lr decay) - rate m' / (sqrt(v') + stabilizer)
 */
export function adamUpdate(update: AdamUpdate, fed: AdamFed, rates: AdamRates): Moments {
  const { parameter, gradient, clip, weightDecay, learningRateScale: scale } = update;
  const { graph, name, shape } = parameter;
  const { beta1, beta2 } = rates;
  const share = (x: number, by: Value | null): Value =>
    by === null ? graph.scalar(x) : mul(by, x);
  const m = graph.state(firstMoment(name), shape);
  const v = graph.state(secondMoment(name), shape);
  const nextM = add(mul(m, beta1), mul(gradient, share(1 - beta1, clip)));
  const clipped2 = clip === null ? null : mul(clip, clip);
  const nextV = add(mul(v, beta2), mul(mul(gradient, gradient), share(1 - beta2, clipped2)));
  const own = (value: Value): Value => (shape.length === 0 ? reshape(value, []) : value);
  const move = div(mul(nextM, own(fed.rate)), add(sqrt(nextV), own(fed.stabilizer)));
  const decayed =
    weightDecay === 0
      ? parameter
      : mul(parameter, sub(1, mul(fed.learningRate, scale * weightDecay)));
  return { parameter: sub(decayed, move), m: nextM, v: nextV };
}
