/** @file Models compiled by OpenVINO for the CPU, over one state. */
import type { State, Tensor, TensorData } from "../../tensor.ts";
import { zeros } from "../../tensor.ts";
import type { Backend } from "../backend.ts";
import { failedGuard } from "../guards.ts";
import type { CompiledModel, WorkerOptions } from "../messages.ts";
import type { Inventory, NodeTimes, RunResult, Tensors } from "../types.ts";
import type { Handle, NodeRecord, OpenvinoLibrary } from "./library.ts";
import { openLibrary } from "./library.ts";

/** Data that the library reads and writes in place. */
type Shared = { readonly tensor: Tensor; readonly handle: Handle };

/** Runs write the next value to `spare`, then the two change places. */
type Slot = { current: Shared; spare: Shared | null };

type Model = Omit<CompiledModel, "program"> & {
  readonly compiled: Handle;
  readonly request: Handle;
  /** Of the outputs that are no updates. */
  readonly results: ReadonlyMap<string, Shared>;
};

export class OpenvinoBackend implements Backend {
  readonly detail: string;
  readonly #library: OpenvinoLibrary;
  readonly #properties: Readonly<Record<string, string>>;
  readonly #slots = new Map<string, Slot>();
  readonly #models = new Map<string, Model>();

  private constructor(library: OpenvinoLibrary, threads: number) {
    this.#library = library;
    this.detail = `openvino ${library.version}`;
    this.#properties = {
      INFERENCE_NUM_THREADS: `${threads}`,
      INFERENCE_PRECISION_HINT: "f32", // else bf16 where the processor has it
      PERFORMANCE_HINT: "LATENCY",
      ENABLE_CPU_PINNING: "NO", // or two processes share the same cores
      CPU_DENORMALS_OPTIMIZATION: "YES", // as in ONNX Runtime's options
    };
  }

  static async open({ threads }: WorkerOptions): Promise<OpenvinoBackend> {
    return new OpenvinoBackend(await openLibrary(), threads);
  }

  load(state: State): void {
    for (const [name, tensor] of state) {
      this.#forget(name);
      this.#slots.set(name, { current: this.#share(tensor), spare: null });
    }
  }

  async state(names: readonly string[] | null): Promise<State> {
    const wanted = names ?? [...this.#slots.keys()];
    return new Map(wanted.map((name) => [name, copyOf(this.#slot(name).current)]));
  }

  async compile(id: string, { program, ...rest }: CompiledModel): Promise<void> {
    this.#models.set(id, this.#model(program as Uint8Array, rest, {}));
  }

  async run(id: string, feeds: Tensors): Promise<RunResult> {
    const model = this.#models.get(id);
    if (model === undefined) throw new Error(`internal: nothing was compiled as ${id}`);
    this.#infer(model, feeds);
    const outputs: Record<string, Tensor> = {};
    for (const [name, result] of model.results) outputs[name] = copyOf(result);
    const failed = failedGuard(model.guards, outputs);
    if (failed === null) {
      for (const name of model.updates.values()) {
        const slot = this.#slot(name);
        [slot.current, slot.spare] = [slot.spare!, slot.current];
      }
    }
    return { outputs, failed };
  }

  async release(id: string): Promise<void> {
    const model = this.#models.get(id);
    if (model === undefined) return;
    this.#models.delete(id);
    this.#free(model);
  }

  async profile(
    { program, ...rest }: CompiledModel,
    feeds: Tensors,
    runs: number,
  ): Promise<Omit<NodeTimes, "device">> {
    const model = this.#model(program as Uint8Array, rest, { PERF_COUNT: "YES" });
    try {
      this.#infer(model, feeds); // warms up
      let whole = 0;
      const records: NodeRecord[] = [];
      for (let run = 0; run < runs; run++) {
        const start = performance.now();
        this.#infer(model, feeds);
        whole += (performance.now() - start) * 1000;
        records.push(...this.#library.times(model.request));
      }
      const executed = records.filter(({ realTime }) => Number(realTime) > 0);
      const nodes = [...Map.groupBy(executed, ({ name }) => name)].map(([name, all]) => {
        const { type: op, kernel: provider } = all[0]!;
        const total = all.reduce((sum, { realTime }) => sum + Number(realTime), 0);
        return { name, op, provider, microseconds: total / runs };
      });
      return { nodes, microseconds: whole / runs };
    } finally {
      this.#free(model);
    }
  }

  inventory(): Omit<Inventory, "heapBytes"> {
    const spares = [...this.#slots.values()].filter(({ spare }) => spare !== null);
    return { programs: this.#models.size, tensors: this.#slots.size + spares.length };
  }

  async close(): Promise<void> {
    for (const id of this.#models.keys()) await this.release(id);
    for (const name of this.#slots.keys()) this.#forget(name);
    this.#library.close();
  }

  #model(
    program: Uint8Array,
    rest: Omit<CompiledModel, "program">,
    more: Readonly<Record<string, string>>,
  ): Model {
    const compiled = this.#library.compile(program, { ...this.#properties, ...more });
    const request = this.#library.request(compiled);
    const results = new Map<string, Shared>();
    for (const [i, [name, { shape, dtype }]] of [...rest.outputs].entries()) {
      if (rest.updates.has(name)) continue;
      const result = this.#share(zeros(shape, dtype));
      this.#library.setOutput(request, i, result.handle);
      results.set(name, result);
    }
    return { ...rest, compiled, request, results };
  }

  /** State tensors are read where they are; updates are written to their spares. */
  #infer(model: Model, feeds: Tensors): void {
    const { request, inputs, states, outputs, updates } = model;
    const fed = inputs.map((name) => this.#share(feeds[name]!));
    const read = [...fed, ...states.map((name) => this.#slot(name).current)];
    try {
      for (const [i, { handle }] of read.entries()) this.#library.setInput(request, i, handle);
      for (const [i, name] of [...outputs.keys()].entries()) {
        const target = updates.get(name);
        if (target === undefined) continue;
        const slot = this.#slot(target);
        slot.spare ??= this.#share(zeros(slot.current.tensor.shape));
        this.#library.setOutput(request, i, slot.spare.handle);
      }
      this.#library.infer(request);
    } finally {
      for (const { handle } of fed) this.#library.free.tensor(handle);
    }
  }

  #slot(name: string): Slot {
    const found = this.#slots.get(name);
    if (found === undefined) throw new Error(`the state has no ${name}`);
    return found;
  }

  #share({ dtype, shape, data: given }: Tensor): Shared {
    const data: TensorData = given instanceof Float64Array ? Float32Array.from(given) : given;
    // V8 keeps small arrays on its heap, where they move, until their buffer is asked for.
    void data.buffer;
    const handle = this.#library.tensor(dtype, shape, data);
    return { tensor: { dtype, shape, data }, handle };
  }

  #forget(name: string): void {
    const slot = this.#slots.get(name);
    this.#slots.delete(name);
    for (const shared of [slot?.current, slot?.spare]) {
      if (shared) this.#library.free.tensor(shared.handle);
    }
  }

  #free({ compiled, request, results }: Model): void {
    for (const { handle } of results.values()) this.#library.free.tensor(handle);
    this.#library.free.request(request);
    this.#library.free.compiled(compiled);
  }
}

function copyOf({ tensor: { dtype, shape, data } }: Shared): Tensor {
  return { dtype, shape: [...shape], data: data.slice() };
}
