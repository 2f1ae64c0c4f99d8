/** @file Training: programs of several batch shapes on one state. */
import type { Executor, Feeds, Host, Results } from "./execute/executor.ts";
import { neededInputs } from "./onnx/model.ts";
import { type Program, STEP, type State, stepScalars, withMoments } from "./optimizer.ts";
import { tensor, type Tensor } from "./tensor.ts";

export type TrainerOptions = {
  readonly executor: Executor;
  /** Parameters, and moments and step count when training goes on. */
  readonly state: State;
  /** The program for a bucket of batch shapes; called once for each bucket. */
  readonly build: (bucket: string) => Program;
};

export type StepOptions = { readonly learningRate: number };

/** A step gave a number that is not finite; the state before it is lost. */
export class NonFiniteError extends Error {
  override readonly name = "NonFiniteError";
  readonly code = "NON_FINITE";
  readonly step: number;

  constructor(step: number, message: string) {
    super(message);
    this.step = step;
  }
}

type Prepared = { readonly program: Program; readonly number: number };

/** Takes optimiser steps in the executor's own thread. */
export class Trainer {
  readonly #host: Host;
  readonly #build: (bucket: string) => Program;
  readonly #prepared = new Map<string, Promise<Prepared>>();
  #state: State;
  readonly #uploaded = new Set<string>();
  #step: number;

  private constructor(host: Host, { state, build }: TrainerOptions) {
    this.#host = host;
    this.#build = build;
    this.#state = new Map(state);
    this.#step = stepOf(state);
  }

  static async create(options: TrainerOptions): Promise<Trainer> {
    return new Trainer(await options.executor.open(), options);
  }

  /** Number of steps taken. */
  get stepCount(): number {
    return this.#step;
  }

  /**
   * One optimiser step.
   *
   * @param bucket names the batch shape; the first step of a bucket compiles its graph
   * @throws NonFiniteError naming the step and the first output that is not finite
   */
  async step(bucket: string, feeds: Feeds, options: StepOptions): Promise<Results> {
    return (await this.steps(bucket, [feeds], [options]))[0]!;
  }

  /** Several steps in one message to the executor: worth it where a step takes a millisecond. */
  async steps(
    bucket: string,
    feeds: readonly Feeds[],
    options: readonly StepOptions[],
  ): Promise<Results[]> {
    const { program, number } = await this.#prepare(bucket);
    const first = this.#step + 1;
    const full = feeds.map((feed, i) => ({
      ...feed,
      ...stepScalars(program, options[i]!.learningRate, first + i),
    }));
    this.#step += feeds.length;
    const results = await this.#host.run(number, full);
    for (const [i, result] of results.entries()) checkFinite(first + i, result);
    return results;
  }

  /** A copy of parameters, moments and step count. */
  async state(): Promise<State> {
    const state = this.#uploaded.size > 0 ? await this.#host.state() : new Map(this.#state);
    return state.set(STEP, tensor([this.#step], [], "int64"));
  }

  /** Goes on from another state. */
  async load(state: State): Promise<void> {
    this.#step = stepOf(state);
    this.#state = new Map(state);
    this.#uploaded.clear();
    const programs = await Promise.all(this.#prepared.values());
    await this.#host.setState(new Map());
    await this.#upload(programs.map(({ program }) => program));
  }

  async close(): Promise<void> {
    await this.#host.close();
  }

  #prepare(bucket: string): Promise<Prepared> {
    let known = this.#prepared.get(bucket);
    if (known === undefined) {
      known = this.#compile(bucket);
      this.#prepared.set(bucket, known);
    }
    return known;
  }

  async #compile(bucket: string): Promise<Prepared> {
    const program = this.#build(bucket);
    const { graph, outputs, updates } = program;
    const all = [...outputs, ...updates.values()];
    const needed = neededInputs(graph, all);
    await this.#upload([program]);
    const number = await this.#host.prepare({
      graph,
      outputs,
      parameters: graph
        .parameters()
        .map((p) => p.name)
        .filter((name) => needed.has(name)),
      updates: [...updates],
    });
    return { program, number };
  }

  /** Sends the state, at first, and moments of parameters that no earlier program trained. */
  async #upload(programs: readonly Program[]): Promise<void> {
    const full = programs.reduce((state, program) => withMoments(program, state), this.#state);
    const fresh = new Map([...full].filter(([name]) => name !== STEP && !this.#uploaded.has(name)));
    for (const name of fresh.keys()) this.#uploaded.add(name);
    // Names stay, so that a later program knows what there is; the numbers are the host's now.
    this.#state = new Map([...full].map(([name, value]) => [name, { ...value, data: EMPTY }]));
    await this.#host.addState(fresh);
  }
}

const EMPTY = new Float32Array(0);

function stepOf(state: State): number {
  const step: Tensor | undefined = state.get(STEP);
  return step === undefined ? 0 : Number(step.data[0]);
}

function checkFinite(step: number, results: Results): void {
  for (const [name, { data, dtype }] of Object.entries(results)) {
    if (dtype !== "float32") continue;
    const at = (data as Float32Array).findIndex((x) => !Number.isFinite(x));
    if (at >= 0 && (name === "loss" || name === "gradNorm")) {
      const others = Object.entries(results).map(([n, t]) => `${n}=${String(t.data[0])}`);
      throw new NonFiniteError(
        step,
        `step ${step}: ${name} is ${String(data[at])} (${others.join(", ")})`,
      );
    }
  }
}
