/** @file A training program: loss, gradients, clipping and AdamW in one graph. */
import type { AdamOptions, AdamRates, ParameterGroup } from "./adamw.ts";
import { adamInputs, adamUpdate, firstMoment, secondMoment } from "./adamw.ts";
import type { Compilation } from "./executor/types.ts";
import { reachedGradients } from "./gradients.ts";
import { Graph } from "./graph.ts";
import type { LossScalingOptions } from "./loss-scale.ts";
import { LOSS_SCALE } from "./loss-scale.ts";
import type { Value } from "./graph.ts";
import { planOf } from "./onnx/plan.ts";
import { add, div, minimum, mul } from "./ops/arithmetic.ts";
import { dims, emit, reshapeNode } from "./ops/emit.ts";
import { sqrt } from "./ops/math.ts";
import { sum } from "./ops/reduce.ts";
import { concat } from "./ops/shape.ts";
import { showShape, sizeOf } from "./tensor.ts";

export type TrainProgramOptions = AdamOptions & {
  readonly graph: Graph;
  /** One number. */
  readonly loss: Value;
  /** Parameters in no group stay as they are. */
  readonly groups: readonly ParameterGroup[];
  /** Largest L2 norm of all gradients together; larger ones are scaled down to it. Default none. */
  readonly clipNorm?: number;
  /**
   * Multiplies the loss before its gradient and divides after, so that small gradients survive in 16 bits.
   * A step whose gradient overflows is skipped and halves the scale. Default off.
   */
  readonly lossScaling?: LossScalingOptions;
  /** More to return from every step, by name. */
  readonly outputs?: Readonly<Record<string, Value>>;
};

/** A parameter that the loss reaches, with its group's settings and its gradient. */
export type Trained = {
  readonly parameter: Value;
  readonly gradient: Value;
  readonly weightDecay: number;
  readonly learningRateScale: number;
};

export type Program = {
  readonly graph: Graph;
  /** Null in a program that only computes. */
  readonly loss: Value | null;
  readonly outputs: ReadonlyMap<string, Value>;
  readonly trained: readonly Trained[];
  readonly clipNorm: number | null;
  readonly rates: AdamRates;
  /** Null where the loss is not scaled. */
  readonly lossScaling: LossScalingOptions | null;
};

/** A program with a loss to train on. */
export type TrainProgram = Program & { readonly loss: Value };

/**
 * Plans the training of `groups` on `loss`. A parameter that the loss does not reach stays as it is,
 * without decay, and its update is not counted (PyTorch's gradient of None). Every step returns `loss`, `gradNorm` (before clipping)
 * and `outputs`.
 */
export function trainProgram(options: TrainProgramOptions): TrainProgram {
  const { graph, loss, groups, clipNorm = null, lossScaling = null, outputs = {} } = options;
  const rates = ratesOf(options);
  check(options, rates);
  const all = groups.flatMap(({ parameters, weightDecay = 0, learningRateScale = 1 }) =>
    parameters.map((parameter) => ({ parameter, weightDecay, learningRateScale })),
  );
  const scale = lossScaling === null ? null : graph.input(LOSS_SCALE, []);
  const found = reachedGradients(
    scale === null ? loss : mul(loss, scale),
    all.map((one) => one.parameter),
  );
  const trained = all.flatMap((one, i) => {
    const scaled = found[i]!;
    if (scaled === null) return [];
    return [{ ...one, gradient: scale === null ? scaled : div(scaled, scale) }];
  });
  if (trained.length === 0)
    throw new Error("trainProgram: the loss depends on no parameter of the groups");
  return {
    graph,
    loss,
    outputs: new Map(Object.entries({ ...outputs, loss })),
    trained,
    clipNorm,
    rates,
    lossScaling,
  };
}

/** A program that trains nothing, for runs within `Trainer.sum`. */
export function forwardProgram(graph: Graph, outputs: Readonly<Record<string, Value>>): Program {
  return {
    graph,
    loss: null,
    outputs: new Map(Object.entries(outputs)),
    trained: [],
    clipNorm: null,
    rates: ratesOf({}),
    lossScaling: null,
  };
}

/** One update for what several programs train: the settings that they must share. */
export function mergedPrograms(programs: readonly Program[]): Program {
  const training = programs.filter((program) => program.trained.length > 0);
  const [first] = training;
  if (first === undefined) throw new Error("Trainer.sum: no run trains a parameter");
  const all = new Map<string, Trained>();
  const settings = ({ clipNorm, rates, lossScaling }: Program): string =>
    JSON.stringify([clipNorm, rates, lossScaling]);
  for (const program of training) {
    if (settings(program) !== settings(first)) {
      throw new Error(
        "Trainer.sum: the runs' programs must agree in clipNorm, betas, epsilon and loss scaling",
      );
    }
    const { trained } = program;
    for (const one of trained) {
      const { name } = one.parameter;
      const known = all.get(name) ?? one;
      if (
        known.weightDecay !== one.weightDecay ||
        known.learningRateScale !== one.learningRateScale
      ) {
        throw new Error(
          `Trainer.sum: parameter ${name} has two weight decays or learning rate scales`,
        );
      }
      all.set(name, known);
    }
  }
  return { ...first, trained: [...all.values()] };
}

/** Forward, backward and update in one run. */
export function stepCompilation({
  graph,
  outputs,
  trained,
  clipNorm,
  rates,
}: Program): Compilation {
  const gradNorm = normOf(trained.map((one) => one.gradient));
  return updateCompilation(graph, new Map([...outputs, ["gradNorm", gradNorm]]), {
    trained,
    gradNorm,
    clipNorm,
    rates,
  });
}

/** State name of a parameter's summed gradients. */
export const sumOf = (name: string): string => `adam.sum/${name}`;

/** Forward and backward, the gradients added to sums in the state. `accumulate.keep` 0 starts anew. */
export function accumulateCompilation({ graph, outputs, trained }: Program): Compilation {
  const keep = graph.input("accumulate.keep", []);
  const updates = new Map<string, string>();
  const results = new Map(outputs);
  for (const { parameter, gradient } of trained) {
    const before = graph.state(sumOf(parameter.name), parameter.shape);
    results.set(`next/${before.name}`, add(mul(before, keep), gradient));
    updates.set(`next/${before.name}`, before.name);
  }
  return { plan: planOf(graph, results), updates, guards: outputs.has("loss") ? ["loss"] : [] };
}

/** The update from summed gradients, times `accumulate.share` (1 / number of runs). */
export function applyCompilation({ trained, clipNorm, rates }: Program): Compilation {
  const graph = new Graph();
  const share = graph.input("accumulate.share", []);
  const own = trained.map(({ parameter, ...rest }) => ({
    ...rest,
    parameter: graph.parameter(parameter.name, parameter.shape),
    gradient: mul(graph.state(sumOf(parameter.name), parameter.shape), share),
  }));
  const gradNorm = normOf(own.map((one) => one.gradient));
  return updateCompilation(graph, new Map([["gradNorm", gradNorm]]), {
    trained: own,
    gradNorm,
    clipNorm,
    rates,
  });
}

/** State tensors of the optimiser that a program needs, with their shapes' values. */
export function optimizerStates(program: Program, accumulating = false): Map<string, Value> {
  const states = new Map<string, Value>();
  for (const { parameter } of program.trained) {
    states.set(firstMoment(parameter.name), parameter);
    states.set(secondMoment(parameter.name), parameter);
    if (accumulating) states.set(sumOf(parameter.name), parameter);
  }
  return states;
}

// --- internal ---

function ratesOf({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions): AdamRates {
  return { beta1, beta2, epsilon };
}

type Update = Pick<Program, "trained" | "clipNorm" | "rates"> & { readonly gradNorm: Value };

function updateCompilation(
  graph: Graph,
  outputs: ReadonlyMap<string, Value>,
  { trained, gradNorm, clipNorm, rates }: Update,
): Compilation {
  const { rates: each, stabilizers, learningRate } = adamInputs(graph, trained.length);
  // min(1, clipNorm / norm), as PyTorch's clip_grad_norm_ with its 1e-6
  const clip =
    clipNorm === null ? null : minimum(div(graph.scalar(clipNorm), add(gradNorm, 1e-6)), 1);
  const results = new Map(outputs);
  const updates = new Map<string, string>();
  const update = (name: string, value: Value): void => {
    results.set(`next/${name}`, value);
    updates.set(`next/${name}`, name);
  };
  for (const [i, one] of trained.entries()) {
    const fed = { rate: each[i]!, stabilizer: stabilizers[i]!, learningRate };
    const next = adamUpdate({ ...one, clip }, fed, rates);
    update(one.parameter.name, next.parameter);
    update(firstMoment(one.parameter.name), next.m);
    update(secondMoment(one.parameter.name), next.v);
  }
  const guards = ["loss", "gradNorm"].filter((name) => outputs.has(name));
  return { plan: planOf(graph, results), updates, guards };
}

/** L2 norm of all gradients as one vector: [] */
function normOf(gradients: readonly Value[]): Value {
  const powers = gradients.map((g) => {
    const axes = dims(g.graph, [...g.shape.keys()]);
    const attributes = { keepdims: { int: 0 } };
    const power =
      g.shape.length === 0
        ? mul(g, g)
        : emit("ReduceSumSquare", [g, axes], [], "float32", attributes);
    return reshapeNode(power, [1]);
  });
  return sqrt(sum(concat(powers, { axis: 0 })));
}

function check(
  { graph, loss, groups, clipNorm, lossScaling, outputs = {} }: TrainProgramOptions,
  rates: AdamRates,
): void {
  if (loss.graph !== graph) throw new Error("trainProgram: loss is a value of another graph");
  if (sizeOf(loss.shape) !== 1) {
    throw new RangeError(`trainProgram: loss must be one number, got ${showShape(loss.shape)}`);
  }
  for (const name of ["beta1", "beta2"] as const) {
    if (rates[name] >= 0 && rates[name] < 1) continue;
    throw new RangeError(`trainProgram: ${name} must be in [0, 1), got ${rates[name]}`);
  }
  if (!(rates.epsilon > 0))
    throw new RangeError(`trainProgram: epsilon must be > 0, got ${rates.epsilon}`);
  if (clipNorm !== undefined && !(clipNorm > 0)) {
    throw new RangeError(`trainProgram: clipNorm must be > 0, got ${clipNorm}`);
  }
  const { initial = 1, growthInterval = 1 } = lossScaling ?? {};
  if (!(initial >= 1 && initial <= 2 ** 127) || !(growthInterval >= 1)) {
    throw new RangeError(
      `trainProgram: lossScaling wants initial from 1 to 2^127 and growthInterval from 1 up, got ${initial} and ${growthInterval}`,
    );
  }
  if ("gradNorm" in outputs || (outputs["loss"] ?? loss) !== loss) {
    throw new Error(
      "trainProgram: outputs loss and gradNorm are always returned, choose other names",
    );
  }
  for (const name of Object.keys(outputs)) {
    if (!name.startsWith("next/")) continue;
    throw new Error(
      `trainProgram: output ${name}: names that start with next/ are those of updated tensors, choose another`,
    );
  }
  const known = new Set(graph.parameters());
  const seen = new Set<Value>();
  for (const parameter of groups.flatMap((group) => group.parameters)) {
    if (!known.has(parameter))
      throw new Error(`trainProgram: ${parameter.name} is no parameter of the graph`);
    if (seen.has(parameter))
      throw new Error(`trainProgram: parameter ${parameter.name} is in two groups`);
    seen.add(parameter);
  }
}
