/** @file The trainer: programs per bucket over one state that lives in the executor. */
import { adamFeeds } from "./adamw.ts";
import { UpdateCounts, withoutCounts } from "./counts.ts";
import { LOSS_SCALE, LossScale, withoutLossScale } from "./loss-scale.ts";
import type {
  Compilation,
  Device,
  Executor,
  Inventory,
  RunResult,
  Tensors,
} from "./executor/types.ts";
import { checkedFeeds } from "./feeds.ts";
import { once } from "./once.ts";
import { nonFiniteError } from "./diagnose.ts";
import { fromState } from "./onnx/write.ts";
import type { Profile } from "./profile/profile.ts";
import { profileOf } from "./profile/profile.ts";
import type { Program } from "./program.ts";
import {
  accumulateCompilation,
  applyCompilation,
  mergedPrograms,
  optimizerStates,
  stepCompilation,
  sumOf,
} from "./program.ts";
import type { State, Tensor } from "./tensor.ts";
import { scalar, zeros } from "./tensor.ts";

export type TrainerOptions = {
  readonly executor: Executor;
  /** Must hold every parameter; optimiser tensors that are missing start at zero. */
  readonly state: State;
  /** The program for one bucket of shapes; called once per bucket. */
  readonly build: (bucket: string) => Program;
};

export type StepOptions = { readonly learningRate: number };

export type MicroBatch = { readonly bucket: string; readonly feeds: Tensors };

/** Runs one bucket, adds its gradients to the sums and returns its outputs. */
export type SumRun = (bucket: string, feeds: Tensors) => Promise<Record<string, Tensor>>;

type Outputs = Record<string, Tensor>;

/** What `Trainer.sum` gives: the last two where the loss is scaled. */
export type Summed<T> = {
  readonly result: T;
  readonly gradNorm: Tensor;
  readonly lossScale?: Tensor;
  readonly skipped?: Tensor;
};

/** A program with what is compiled of it. */
type Bucket = {
  readonly name: string;
  readonly program: Program;
  /** Of the trained parameters. */
  readonly names: readonly string[];
  /** What of it is compiled: "step", "accumulate". */
  readonly made: Map<string, Promise<Compilation>>;
};

/**
 * Runs training steps in the executor. Every bucket of shapes is compiled once; all share one
 * state. Steps run in the order they were asked for.
 */
export class Trainer {
  readonly #device: Device;
  readonly #build: (bucket: string) => Program;
  readonly #buckets = new Map<string, Promise<Bucket>>();
  readonly #applies = new Map<string, Promise<Bucket>>();
  readonly #stateNames = new Set<string>();
  readonly #parameters = new Map<string, Tensor>();
  #counts: UpdateCounts;
  #scale: LossScale;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(device: Device, { state, build }: TrainerOptions) {
    this.#device = device;
    this.#build = build;
    this.#counts = UpdateCounts.from(state);
    this.#scale = LossScale.from(state);
    this.#remember(state);
  }

  static async create(options: TrainerOptions): Promise<Trainer> {
    const device = await options.executor.open();
    await device.load(deviceState(options.state));
    return new Trainer(device, options);
  }

  /** Updates made so far, those before a resume included. */
  get updates(): number {
    return this.#counts.total;
  }

  /** What computes: under `auto`, what was found. */
  get device(): Pick<Device, "name" | "detail"> {
    return this.#device;
  }

  /** Compiles a bucket ahead of its first step. */
  async prepare(bucket: string): Promise<void> {
    await this.#enqueue(async () => this.#step(await this.#bucket(bucket)));
  }

  /**
   * One update. Returns `loss`, `gradNorm` and the program's outputs; where the loss is scaled also
   * `lossScale`, and `skipped`, 1 if the gradient overflowed and nothing was updated.
   */
  async step(bucket: string, feeds: Tensors, options: StepOptions): Promise<Outputs> {
    return (await this.steps(bucket, [feeds], options))[0]!;
  }

  /** One update per element of `feeds`, sent in one message: for programs of microseconds. */
  async steps(
    bucket: string,
    feeds: readonly Tensors[],
    { learningRate }: { readonly learningRate: number | readonly number[] },
  ): Promise<Outputs[]> {
    return this.#enqueue(async () => {
      const own = await this.#bucket(bucket);
      const compiled = await this.#step(own);
      const outputs: Outputs[] = [];
      while (outputs.length < feeds.length) {
        const from = outputs.length;
        const all = feeds.slice(from).map((one, i) => ({
          ...this.#checked(own, compiled, one),
          ...this.#rates(own, i + 1, rateAt(learningRate, from + i)),
          ...this.#scaling(own),
        }));
        const results = await this.#run(own.name, all);
        const made = results.filter((result) => result.failed === null);
        const failure = results.find((result) => result.failed !== null);
        this.#counts.add(own.names, made.length);
        const scale = this.#scaling(own);
        outputs.push(...made.map((result) => scaled(result.outputs, scale, false)));
        if (own.program.lossScaling !== null)
          this.#scale.kept(made.length, own.program.lossScaling);
        if (failure === undefined) continue;
        if (!this.#overflowed(own, failure)) {
          await this.#fail(own, all[made.length]!, failure, this.updates + 1);
        }
        outputs.push(scaled(failure.outputs, scale, true));
      }
      return outputs;
    });
  }

  /**
   * One update from the mean gradient of several batches. Returns each batch's outputs; `gradNorm`,
   * of the mean, stands in all. The batches' programs must train the same parameters.
   */
  async accumulate(
    batches: readonly MicroBatch[],
    { learningRate }: StepOptions,
  ): Promise<Outputs[]> {
    if (batches.length === 0) throw new RangeError("Trainer.accumulate: needs at least one batch");
    const work = async (run: SumRun): Promise<Outputs[]> => {
      sameParameters(await Promise.all(batches.map((batch) => this.#bucket(batch.bucket))));
      const outputs: Outputs[] = [];
      for (const { bucket, feeds } of batches) outputs.push(await run(bucket, feeds));
      return outputs;
    };
    const options = { learningRate, share: 1 / batches.length };
    const { result, ...applied } = await this.sum(work, options);
    return result.map((one) => ({ ...one, ...applied }));
  }

  /**
   * One update from the summed gradients of the runs that `work` makes, times `share` (default 1). Runs
   * may be of different buckets, train different parameters, or none (`forwardProgram`).
   * If `work` fails, nothing is updated. Where the loss is scaled, `lossScale` and `skipped` come too.
   */
  async sum<T>(
    work: (run: SumRun) => Promise<T>,
    { learningRate, share = 1 }: StepOptions & { readonly share?: number },
  ): Promise<Summed<T>> {
    return this.#enqueue(async () => {
      const used = new Map<string, Bucket>();
      const summed = new Set<string>();
      const result = await work(async (name, feeds) => {
        const own = await this.#bucket(name);
        used.set(name, own);
        return this.#addRun(own, feeds, summed);
      });
      const own = await this.#applying([...used.values()]);
      const fed = { ...this.#rates(own, 1, learningRate), "accumulate.share": scalar(share) };
      const [applied] = await this.#run(own.name, [fed]);
      const scale = this.#scaling(own);
      const isSkipped = applied!.failed !== null;
      if (isSkipped) {
        await this.#clearSums(own.names); // an infinity stays one, even times 0
        if (!this.#overflowed(own, applied!)) {
          throw new Error(
            `step ${this.updates + 1}: gradNorm of the summed gradients is not finite`,
          );
        }
      } else {
        this.#counts.add(own.names, 1);
        if (own.program.lossScaling !== null) this.#scale.kept(1, own.program.lossScaling);
      }
      const gradNorm = applied!.outputs["gradNorm"]!;
      return { result, gradNorm, ...scaled({}, scale, isSkipped) };
    });
  }

  /** A copy of parameters and optimiser tensors, and `adam.step`. */
  async state(): Promise<State> {
    return this.#enqueue(async () => {
      const names = [...this.#stateNames];
      const state = await this.#at(`after step ${this.updates}`, this.#device.state(names));
      this.#counts.write(state);
      this.#scale.write(state);
      return state;
    });
  }

  /** Goes on from `state`; optimiser tensors it lacks start at zero. */
  async load(state: State): Promise<void> {
    await this.#enqueue(async () => {
      const missing = new Map<string, Tensor>();
      for (const name of this.#stateNames) {
        const known = this.#parameters.get(name)!;
        if (name.startsWith("adam.") && !state.has(name)) missing.set(name, zeros(known.shape));
      }
      await this.#device.load(new Map([...deviceState(state), ...missing]));
      this.#remember(state);
      this.#counts = UpdateCounts.from(state);
      this.#scale = LossScale.from(state);
    });
  }

  /** Where the time of a step goes: the mean of `runs` runs, which change nothing. */
  async profile(
    bucket: string,
    feeds: Tensors,
    { runs = 5 }: { readonly runs?: number } = {},
  ): Promise<Profile> {
    if (!(Number.isInteger(runs) && runs >= 1)) {
      throw new RangeError(`Trainer.profile: runs must be a whole number from 1 up, got ${runs}`);
    }
    return this.#enqueue(async () => {
      const own = await this.#bucket(bucket);
      const compiled = await this.#step(own);
      const fed = {
        ...this.#checked(own, compiled, feeds),
        ...this.#rates(own, 1, 0),
        ...this.#scaling(own),
      };
      const times = await this.#device.profile(compiled, fed, runs);
      return profileOf(own.program, compiled.plan, times);
    });
  }

  /** What the device holds: for finding leaks. */
  async inventory(): Promise<Inventory> {
    return this.#enqueue(() => this.#device.inventory());
  }

  async close(): Promise<void> {
    await this.#queue;
    await this.#device.close();
  }

  #remember(state: State): void {
    for (const [name, { dtype, shape }] of deviceState(state)) {
      this.#stateNames.add(name);
      this.#parameters.set(name, { dtype, shape, data: new Float32Array(0) });
    }
  }

  /** One thing at a time, so that results do not depend on timing. */
  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Runs; if the device fails, says at which step. */
  #run(id: string, feeds: readonly Tensors[]): Promise<RunResult[]> {
    const next = this.updates + 1;
    const steps = feeds.length > 1 ? `steps ${next} to ${next + feeds.length - 1}` : `step ${next}`;
    return this.#at(`${steps} (bucket ${id})`, this.#device.run(id, feeds));
  }

  async #at<T>(where: string, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
    }
  }

  #bucket(name: string): Promise<Bucket> {
    return once(this.#buckets, name, (fresh) => this.#compile(fresh));
  }

  async #compile(name: string): Promise<Bucket> {
    const program = this.#build(name);
    for (const value of program.graph.parameters()) fromState(this.#parameters, value);
    await this.#addStates(optimizerStates(program));
    return { name, program, names: namesOf(program), made: new Map() };
  }

  /** The whole step, compiled when it is first wanted. */
  #step({ name, program, made }: Bucket): Promise<Compilation> {
    return once(made, "step", async () => {
      const step = stepCompilation(program);
      await this.#device.compile(name, step);
      return step;
    });
  }

  #accumulating({ name, program, made }: Bucket): Promise<Compilation> {
    return once(made, "accumulate", async () => {
      await this.#addStates(optimizerStates(program, true), false);
      const accumulate = accumulateCompilation(program);
      await this.#device.compile(`${name}/accumulate`, accumulate);
      return accumulate;
    });
  }

  /** Adds the gradients of one run to the sums; those not in `summed` begin with it. */
  async #addRun(own: Bucket, feeds: Tensors, summed: Set<string>): Promise<Outputs> {
    const compiled = await this.#accumulating(own);
    const used = this.#checked(own, compiled, feeds);
    const fresh = own.names.filter((name) => !summed.has(name));
    const keep = fresh.length < own.names.length;
    if (keep && fresh.length > 0) await this.#clearSums(fresh);
    const fed =
      own.names.length === 0
        ? used
        : { ...used, ...this.#scaling(own), "accumulate.keep": scalar(keep ? 1 : 0) };
    const [result] = await this.#run(`${own.name}/accumulate`, [fed]);
    if (result!.failed !== null) await this.#fail(own, used, result!, this.updates + 1);
    for (const name of fresh) summed.add(name);
    return result!.outputs;
  }

  async #clearSums(names: readonly string[]): Promise<void> {
    const sums = names.map((name) => {
      const { shape } = this.#parameters.get(name)!;
      return [sumOf(name), zeros(shape)] as const;
    });
    await this.#device.load(new Map(sums));
  }

  /** The update from the sums of what these buckets train. */
  #applying(buckets: readonly Bucket[]): Promise<Bucket> {
    const program = mergedPrograms(buckets.map((bucket) => bucket.program));
    const names = namesOf(program);
    return once(this.#applies, names.join("\n"), async () => {
      const name = `apply ${this.#applies.size}`;
      await this.#device.compile(name, applyCompilation(program));
      return { name, program, names, made: new Map() };
    });
  }

  async #addStates(
    states: Map<string, { readonly shape: readonly number[] }>,
    saved = true,
  ): Promise<void> {
    const missing: State = new Map();
    for (const [name, { shape }] of states) {
      if (!this.#parameters.has(name)) missing.set(name, zeros(shape));
    }
    for (const [name, { dtype, shape }] of missing) {
      if (saved) this.#stateNames.add(name);
      this.#parameters.set(name, { dtype, shape, data: new Float32Array(0) });
    }
    if (missing.size > 0) await this.#device.load(missing);
  }

  #checked({ name, program }: Bucket, { plan }: Compilation, feeds: Tensors): Outputs {
    const ours = (input: string): boolean =>
      input.startsWith("optimizer.") || input.startsWith("accumulate.");
    const declared = program.graph.inputs().filter((v) => !ours(v.name));
    const live = plan.inputs.filter((v) => !ours(v.name));
    return checkedFeeds(name, declared, live, feeds);
  }

  /** The optimiser's inputs `ahead` updates from now. */
  #rates({ program, names }: Bucket, ahead: number, learningRate: number): Outputs {
    if (!(learningRate >= 0 && learningRate < Infinity)) {
      const step = this.updates + ahead;
      throw new RangeError(
        `step ${step}: learning rate must be >= 0 and finite, got ${learningRate}`,
      );
    }
    const updates = names.map((name) => this.#counts.of(name) + ahead);
    const scales = program.trained.map((one) => one.learningRateScale);
    return adamFeeds(updates, scales, learningRate, program.rates);
  }

  /** The scale's input, if the program has one. */
  #scaling({ program: { lossScaling } }: Bucket): Outputs {
    return lossScaling === null ? {} : { [LOSS_SCALE]: scalar(this.#scale.value(lossScaling)) };
  }

  /** Whether a step failed by its gradient alone and a smaller scale may help, which it then has. */
  #overflowed({ program: { lossScaling } }: Bucket, { failed }: RunResult): boolean {
    return lossScaling !== null && failed === "gradNorm" && this.#scale.overflowed();
  }

  /** Throws, having run the step once more to find the first value that is not finite. */
  async #fail(
    own: Bucket,
    feeds: Tensors,
    { outputs, failed }: RunResult,
    step: number,
  ): Promise<never> {
    throw await nonFiniteError(this.#device, own.program, {
      bucket: own.name,
      step,
      feeds,
      failed: failed!,
      outputs,
    });
  }
}

/** The tensors of a state that live in the executor. */
function deviceState(state: State): State {
  return withoutLossScale(withoutCounts(state));
}

/** What a step gives, with the scale it was made at; as it is where there was none. */
function scaled(outputs: Outputs, scale: Outputs, isSkipped: boolean): Outputs {
  const lossScale = scale[LOSS_SCALE];
  return lossScale === undefined
    ? outputs
    : { ...outputs, lossScale, skipped: scalar(isSkipped ? 1 : 0) };
}

function namesOf({ trained }: Program): string[] {
  return trained.map((one) => one.parameter.name);
}

function rateAt(learningRate: number | readonly number[], i: number): number {
  if (typeof learningRate === "number") return learningRate;
  const rate = learningRate[i];
  if (rate === undefined) throw new RangeError(`Trainer.steps: learningRate has no element ${i}`);
  return rate;
}

function sameParameters(buckets: readonly Bucket[]): void {
  const odd = buckets.find(({ names }) => names.join() !== buckets[0]!.names.join());
  if (odd !== undefined) {
    throw new Error(
      `Trainer.accumulate: buckets ${buckets[0]!.name} and ${odd.name} train different parameters`,
    );
  }
}
