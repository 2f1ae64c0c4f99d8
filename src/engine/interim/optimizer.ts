/** @file AdamW as nodes of the training graph (Loshchilov and Hutter 2019). */
import type { Graph, Value } from "./graph.ts";
import { gradients } from "./gradients.ts";
import { add, div, mul, sqrt, sub } from "./ops/elementwise.ts";
import { minimum } from "./ops/compare.ts";
import { sum } from "./ops/reduce.ts";
import { type Tensor, sizeOf, tensor } from "./tensor.ts";

/** Parameters that share a learning rate and a decay. */
export type ParameterGroup = {
  readonly parameters: readonly Value[];
  /** Decoupled weight decay, multiplied by the learning rate. */
  readonly weightDecay?: number;
  readonly learningRateScale?: number;
};

export type TrainProgramOptions = {
  readonly graph: Graph;
  readonly loss: Value;
  readonly groups: readonly ParameterGroup[];
  /** Global gradient norm above which all gradients are scaled down; no clipping if absent. */
  readonly clipNorm?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Further values to return from each step. */
  readonly outputs?: Readonly<Record<string, Value>>;
};

/** A graph whose parameters change when it runs. */
export type Program = {
  readonly graph: Graph;
  /** Names returned to the caller, "loss" and "gradNorm" among them. */
  readonly outputs: readonly string[];
  /** Input name -> output name of each piece of state that a step replaces. */
  readonly updates: ReadonlyMap<string, string>;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
};

/** Where Adam's moments of a parameter stand in the state. */
export const firstMoment = (parameter: string): string => `adam.m/${parameter}`;
export const secondMoment = (parameter: string): string => `adam.v/${parameter}`;
/** Number of optimiser steps taken, int64 [] in the state. */
export const STEP = "adam.step";

/** Inputs that `stepScalars` feeds. */
const SCALARS = ["step.rate", "step.epsilon", "step.decay"] as const;

/**
 * The graph of one optimiser step: loss, gradients, clipping, AdamW.
 *
 * The moments are kept without their (1 - beta) factors, m / (1 - beta1) and v / (1 - beta2), which
 * saves two multiplications an element; `stepScalars` folds them, the bias corrections and the learning
 * rate into two numbers:  p <- p - lr * decay * p - rate * m / (sqrt(v) + epsilon').
 */
export function trainProgram({
  graph,
  loss,
  groups,
  clipNorm,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  outputs = {},
}: TrainProgramOptions): Program {
  const all = groups.flatMap((group) => group.parameters);
  if (all.length === 0) throw new Error("trainProgram: no parameters to train");
  if (new Set(all).size < all.length) throw new Error("trainProgram: a parameter is in two groups");
  const [rate, eps, decay] = SCALARS.map((name) => graph.input(name, [])) as [Value, Value, Value];
  const raw = gradients(loss, all);
  const norm = sqrt(raw.map((g) => sum(mul(g, g))).reduce((a, b) => add(a, b)));
  const shrink = clipNorm === undefined ? undefined : minimum(div(clipNorm, add(norm, 1e-6)), 1);
  graph.output("loss", loss);
  graph.output("gradNorm", norm);
  const reserved = new Set(["loss", "gradNorm"]);
  for (const [name, value] of Object.entries(outputs)) {
    if (!reserved.has(name)) graph.output(name, value);
  }
  const updates = new Map<string, string>();
  const replace = (name: string, value: Value) => {
    graph.output(`next/${name}`, value);
    updates.set(name, `next/${name}`);
  };
  let index = 0;
  for (const { parameters, weightDecay = 0, learningRateScale = 1 } of groups) {
    const groupRate = learningRateScale === 1 ? rate : mul(rate, learningRateScale);
    const keep =
      weightDecay === 0 ? undefined : sub(1, mul(decay, weightDecay * learningRateScale));
    for (const parameter of parameters) {
      const unclipped = raw[index++]!;
      const gradient = shrink === undefined ? unclipped : mul(unclipped, shrink);
      const m = graph.parameter(firstMoment(parameter.name), parameter.shape);
      const v = graph.parameter(secondMoment(parameter.name), parameter.shape);
      const nextM = add(mul(m, beta1), gradient);
      const nextV = add(mul(v, beta2), mul(gradient, gradient));
      const change = div(mul(nextM, groupRate), add(sqrt(nextV), eps));
      const kept = keep === undefined ? parameter : mul(parameter, keep);
      replace(parameter.name, sub(kept, change));
      replace(firstMoment(parameter.name), nextM);
      replace(secondMoment(parameter.name), nextV);
    }
  }
  const names = [...reserved, ...Object.keys(outputs).filter((name) => !reserved.has(name))];
  return { graph, outputs: names, updates, beta1, beta2, epsilon };
}

/** The scalars fed to step number `step` (from 1): learning rate, bias corrections and epsilon in one. */
export function stepScalars(
  { beta1, beta2, epsilon }: Pick<Program, "beta1" | "beta2" | "epsilon">,
  learningRate: number,
  step: number,
): Record<string, Tensor> {
  const spread = Math.sqrt((1 - beta2) / (1 - beta2 ** step));
  const rate = (learningRate * (1 - beta1)) / (1 - beta1 ** step) / spread;
  const values = [rate, epsilon / spread, learningRate];
  return Object.fromEntries(
    SCALARS.map((name, i) => [name, tensor(new Float32Array([values[i]!]), [])]),
  );
}

/** Parameters, moments and step count, by name. */
export type State = Map<string, Tensor>;

/** Zero moments for every parameter of `program` that `state` has none for. */
export function withMoments(program: Program, state: State): State {
  const full: State = new Map(state);
  for (const name of program.updates.keys()) {
    if (full.has(name)) continue;
    const value = program.graph.parameters().find((p) => p.name === name)!;
    if (!name.startsWith("adam.")) {
      throw new Error(`state: parameter "${name}" [${value.shape}] is missing`);
    }
    full.set(name, tensor(new Float32Array(sizeOf(value.shape)), value.shape));
  }
  return full;
}
