/** @file Sessions of ONNX Runtime over one state. */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { copyModel } from "../../onnx/write.ts";
import type { DType, State, Tensor } from "../../tensor.ts";
import type { Backend } from "../backend.ts";
import { failedGuard } from "../guards.ts";
import type { CompiledModel } from "../messages.ts";
import type { Inventory, NodeTimes, RunResult, Tensors } from "../types.ts";
import type { OrtLibrary, OrtOptions } from "./library.ts";
import { openLibrary } from "./library.ts";
import { profiled } from "./profiled.ts";

type Model = Omit<CompiledModel, "program"> & {
  readonly session: InferenceSession;
  /** What it counts for in the arena budget. */
  readonly arenaBytes: number;
};

/** A state tensor. Where results may be written to given tensors, runs write the next value to `spare`, then the two change places. */
type Slot = { current: OrtTensor; spare: OrtTensor | null };

/**
 * Bytes that sessions may keep for their activations between runs. A session with an arena of its own
 * never gives memory back, and saves about a tenth of a step's time; past this budget, later
 * sessions allocate anew at each run. (The binding passes no arena-shrinkage option on.)
 */
const ARENA_BUDGET = 2 ** 30;

export class OrtBackend implements Backend {
  readonly detail: string;
  readonly #library: OrtLibrary;
  readonly #slots = new Map<string, Slot>();
  readonly #models = new Map<string, Model>();
  /** By rank. */
  readonly #copiers = new Map<number, InferenceSession>();
  #arenaBytes = 0;

  private constructor(library: OrtLibrary) {
    this.#library = library;
    this.detail = library.detail;
  }

  static async open(options: OrtOptions): Promise<OrtBackend> {
    return new OrtBackend(await openLibrary(options));
  }

  load(state: State): void {
    for (const [name, tensor] of state) {
      this.#free(this.#slots.get(name)?.current);
      this.#slots.set(name, { current: this.#toOrt(tensor), spare: null });
    }
  }

  async state(names: readonly string[] | null): Promise<State> {
    const result: State = new Map();
    for (const name of names ?? this.#slots.keys()) {
      result.set(name, fromOrt(await this.#atHand(this.#slot(name).current)));
    }
    return result;
  }

  async compile(id: string, { program, ...rest }: CompiledModel): Promise<void> {
    const { runtime, options } = this.#library;
    const enableCpuMemArena = this.#arenaBytes + rest.peakBytes <= ARENA_BUDGET;
    const session = await runtime.InferenceSession.create(program as Uint8Array, {
      ...options,
      enableCpuMemArena,
      ...this.#locations(rest),
    });
    const arenaBytes = enableCpuMemArena ? rest.peakBytes : 0;
    this.#arenaBytes += arenaBytes;
    this.#models.set(id, { session, arenaBytes, ...rest });
  }

  async run(id: string, feeds: Tensors): Promise<RunResult> {
    const model = this.#models.get(id);
    if (model === undefined) throw new Error(`internal: nothing was compiled as ${id}`);
    const inputs: Record<string, OrtTensor> = {};
    for (const name of model.inputs) inputs[name] = this.#toOrt(feeds[name]!);
    for (const name of model.states) inputs[name] = this.#slot(name).current;
    const fetches: Record<string, OrtTensor | null> = {};
    for (const name of model.outputs.keys()) {
      const target = model.updates.get(name);
      const reused = target !== undefined && this.#library.reusesOutputs;
      fetches[name] = reused ? this.#spareOf(target) : null;
    }
    const results = await model.session.run(inputs, fetches);
    const outputs: Record<string, Tensor> = {};
    for (const name of model.outputs.keys())
      if (!model.updates.has(name)) outputs[name] = fromOrt(results[name]!);
    const failed = failedGuard(model.guards, outputs);
    for (const [output, name] of model.updates) {
      if (failed === null) this.#replace(this.#slot(name), results[output]!);
      else if (!this.#library.reusesOutputs) this.#free(results[output]);
    }
    return { outputs, failed };
  }

  async release(id: string): Promise<void> {
    const model = this.#models.get(id);
    if (model === undefined) return;
    this.#models.delete(id);
    this.#arenaBytes -= model.arenaBytes;
    await model.session.release();
  }

  async profile(
    { program, ...model }: CompiledModel,
    feeds: Tensors,
    runs: number,
  ): Promise<Omit<NodeTimes, "device">> {
    const inputs: Record<string, OrtTensor> = {};
    for (const name of model.inputs) inputs[name] = this.#toOrt(feeds[name]!);
    for (const name of model.states) inputs[name] = this.#slot(name).current;
    const options = { ...this.#library.options, ...this.#locations(model) };
    return profiled({ ...this.#library, options }, program as Uint8Array, inputs, runs);
  }

  inventory(): Omit<Inventory, "heapBytes"> {
    const spares = [...this.#slots.values()].filter(({ spare }) => spare !== null);
    return { programs: this.#models.size, tensors: this.#slots.size + spares.length };
  }

  async close(): Promise<void> {
    for (const id of this.#models.keys()) await this.release(id);
    for (const { current } of this.#slots.values()) this.#free(current);
    this.#slots.clear();
    for (const copier of this.#copiers.values()) await copier.release();
    this.#copiers.clear();
  }

  /** The next state stays on the device, results come off it. */
  #locations({
    outputs,
    updates,
  }: Pick<CompiledModel, "outputs" | "updates">): InferenceSession.SessionOptions {
    const { stateAt } = this.#library;
    if (stateAt === "cpu") return {};
    const places = [...outputs.keys()].map(
      (name) => [name, updates.has(name) ? stateAt : "cpu"] as const,
    );
    return { preferredOutputLocation: Object.fromEntries(places) };
  }

  #slot(name: string): Slot {
    const found = this.#slots.get(name);
    if (found === undefined) throw new Error(`the state has no ${name}`);
    return found;
  }

  #spareOf(name: string): OrtTensor {
    const own = this.#slot(name);
    const { dims, size } = own.current;
    own.spare ??= new this.#library.runtime.Tensor("float32", new Float32Array(size), dims);
    return own.spare;
  }

  #replace(own: Slot, next: OrtTensor): void {
    if (this.#library.reusesOutputs) {
      [own.current, own.spare] = [own.spare!, own.current];
      return;
    }
    this.#free(own.current);
    own.current = next;
  }

  /**
   * A copy in the CPU's memory. Made by a model, for a tensor's own getData ends the process:
   * onnxruntime-node 1.30 throws what nobody catches.
   */
  async #atHand(tensor: OrtTensor): Promise<OrtTensor> {
    if (tensor.location === "cpu") return tensor;
    const rank = tensor.dims.length;
    const { runtime, options } = this.#library;
    const copier =
      this.#copiers.get(rank) ?? (await runtime.InferenceSession.create(copyModel(rank), options));
    this.#copiers.set(rank, copier);
    return (await copier.run({ x: tensor }))["y"]!;
  }

  /** Memory on the device is not the garbage collector's. */
  #free(tensor: OrtTensor | undefined): void {
    if (tensor?.location === "gpu-buffer") tensor.dispose();
  }

  #toOrt({ dtype, shape, data }: Tensor): OrtTensor {
    const own = data instanceof Float64Array ? Float32Array.from(data) : data;
    const made = new this.#library.runtime.Tensor(dtype, own as Float32Array, shape);
    // It takes a Float16Array's place, which onnxruntime-node 1.30's binding reads as empty.
    if (dtype === "float16") Object.assign(made, { cpuData: data });
    return made;
  }
}

function fromOrt({ type, dims, data }: OrtTensor): Tensor {
  const own = data as Float32Array;
  // Newer Nodes have an array of halves; ours are their bits.
  const kept = type === "float16" ? new Uint16Array(own.buffer, own.byteOffset, own.length) : own;
  return { dtype: type as DType, shape: [...dims], data: kept };
}
