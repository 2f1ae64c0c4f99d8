/** @file AdamW as graph nodes (Loshchilov and Hutter; PyTorch's form). */
import type { Graph, Value } from "./graph.ts";
import { add, div, mul, sub } from "./ops/arithmetic.ts";
import { sqrt } from "./ops/math.ts";
import type { Tensor } from "./tensor.ts";
import { scalar } from "./tensor.ts";

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
/** State name of the number of updates made. */
export const STEP = "adam.step";

/** What the update needs each step, fed as scalars. */
const RATE = "optimizer.rate";
const STABILIZER = "optimizer.stabilizer";
const LEARNING_RATE = "optimizer.learningRate";

export type AdamInputs = {
  readonly rate: Value;
  readonly stabilizer: Value;
  readonly learningRate: Value;
};

export function adamInputs(graph: Graph): AdamInputs {
  return {
    rate: graph.input(RATE, []),
    stabilizer: graph.input(STABILIZER, []),
    learningRate: graph.input(LEARNING_RATE, []),
  };
}

/**
 * The fed scalars of update number `step`, counted from 1. With c1 = 1 - beta1^step and
 * c2 = 1 - beta2^step, the textbook update
 *
 *     lr (m / c1) / (sqrt(v / c2) + epsilon)  =  rate m / (sqrt(v) + stabilizer)
 *     rate = lr sqrt(c2) / c1,  stabilizer = epsilon sqrt(c2)
 *
 * takes two passes over the parameter fewer. Computed here in f64.
 */
export function adamFeeds(
  step: number,
  learningRate: number,
  { beta1, beta2, epsilon }: AdamRates,
): Record<string, Tensor> {
  const root = Math.sqrt(1 - beta2 ** step);
  return {
    [RATE]: scalar((learningRate * root) / (1 - beta1 ** step)),
    [STABILIZER]: scalar(epsilon * root),
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

/**
 * The next parameter and moments:
 *
 *     m' = beta1 m + (1 - beta1) g,  v' = beta2 v + (1 - beta2) g^2
 *     p' = p (1 - lr decay) - rate m' / (sqrt(v') + stabilizer)
 */
export function adamUpdate(update: AdamUpdate, inputs: AdamInputs, rates: AdamRates): Moments {
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
  const rate = mul(inputs.rate, scale);
  const move = div(mul(nextM, rate), add(sqrt(nextV), inputs.stabilizer));
  const decayed =
    weightDecay === 0
      ? parameter
      : mul(parameter, sub(1, mul(inputs.learningRate, scale * weightDecay)));
  return { parameter: sub(decayed, move), m: nextM, v: nextV };
}
