/**
 * @file Interprets plans with TensorFlow.js, node by node. Plans are differentiated already, so its
 * gradients are not needed. It has no 64-bit integers: those the reference's kernels compute, exactly.
 */
import type * as core from "@tensorflow/tfjs-core";
import { decodeFloat16 } from "../../halves.ts";
import type { DType, State, Tensor } from "../../tensor.ts";
import type { Backend } from "../backend.ts";
import { failedGuard } from "../guards.ts";
import type { CompiledModel, FlatNode, FlatPlan, WorkerOptions } from "../messages.ts";
import { KERNELS } from "../reference/device.ts";
import { Stopwatch } from "../stopwatch.ts";
import { attributesOf } from "../reference/kernels.ts";
import { QUANTIZED } from "../reference/quantized.ts";
import type { Inventory, NodeTimes, RunResult, Tensors } from "../types.ts";
import type { Operand, TfKernel } from "./kernels.ts";
import { tfKernels } from "./kernels.ts";
import type { Tf } from "./library.ts";
import { openTfjs } from "./library.ts";

type Model = Omit<CompiledModel, "program"> & {
  readonly plan: FlatPlan;
  readonly constants: ReadonlyMap<string, Operand>;
  /** For each node, the values that no later node and no output reads. */
  readonly finished: readonly (readonly string[])[];
};

export class TfjsBackend implements Backend {
  readonly detail: string;
  readonly #tf: Tf;
  readonly #kernels: Readonly<Record<string, TfKernel>>;
  readonly #state = new Map<string, core.Tensor>();
  readonly #models = new Map<string, Model>();

  private constructor(tf: Tf, detail: string) {
    this.#tf = tf;
    this.detail = detail;
    this.#kernels = tfKernels(tf);
  }

  static async open({ tfjsBackend }: WorkerOptions): Promise<TfjsBackend> {
    const { tf, detail } = await openTfjs(tfjsBackend);
    return new TfjsBackend(tf, detail);
  }

  load(state: State): void {
    for (const [name, tensor] of state) {
      this.#state.get(name)?.dispose();
      this.#state.set(name, this.#upload(tensor));
    }
  }

  async state(names: readonly string[] | null): Promise<State> {
    const result: State = new Map();
    for (const name of names ?? this.#state.keys()) {
      const tensor = this.#stateOf(name);
      const data = Float32Array.from((await tensor.data()) as Float32Array);
      result.set(name, { dtype: "float32", shape: tensor.shape, data });
    }
    return result;
  }

  async compile(id: string, { program, ...rest }: CompiledModel): Promise<void> {
    const plan = program as FlatPlan;
    const strange = plan.nodes.find(
      ({ op }) => !(op in this.#kernels) && (!(op in KERNELS) || op in QUANTIZED),
    );
    if (strange !== undefined) throw new Error(`the tfjs executor has no ${strange.op}`);
    const constants = new Map(
      [...plan.constants].map(([name, tensor]) => [name, this.#constant(tensor)]),
    );
    this.#models.set(id, { plan, constants, finished: lastUses(plan), ...rest });
  }

  async run(id: string, feeds: Tensors): Promise<RunResult> {
    const model = this.#models.get(id);
    if (model === undefined) throw new Error(`internal: nothing was compiled as ${id}`);
    return this.#runModel(model, feeds);
  }

  async profile(
    compiled: CompiledModel,
    feeds: Tensors,
    runs: number,
  ): Promise<Omit<NodeTimes, "device">> {
    const id = "profile";
    await this.compile(id, { ...compiled, updates: new Map() });
    const model = this.#models.get(id)!;
    const stopwatch = new Stopwatch(this.#tf.getBackend());
    try {
      await this.#runModel(model, feeds); // warms up
      for (let run = 0; run < runs; run++) {
        await stopwatch.whole(() => this.#runModel(model, feeds, stopwatch));
      }
    } finally {
      await this.release(id);
    }
    return stopwatch.times(runs);
  }

  async #runModel(model: Model, feeds: Tensors, stopwatch?: Stopwatch): Promise<RunResult> {
    const made = new Map<string, Operand>();
    const given = new Map(model.constants);
    for (const name of model.states) given.set(name, { device: this.#stateOf(name), host: null });
    try {
      for (const name of model.inputs) made.set(name, this.#operand(feeds[name]!));
      for (const [i, node] of model.plan.nodes.entries()) {
        const compute = (): void =>
          this.#compute(node, (name) => made.get(name) ?? given.get(name)!, made);
        if (stopwatch === undefined) compute();
        else stopwatch.node(node, compute);
        for (const name of model.finished[i]!) {
          made.get(name)?.device?.dispose();
          made.delete(name);
        }
      }
      const valueOf = (output: string): Operand => {
        const name = model.plan.outputs.get(output)!;
        return made.get(name) ?? given.get(name)!;
      };
      return await this.#finish(model, valueOf);
    } finally {
      for (const { device } of made.values()) device?.dispose();
    }
  }

  async release(id: string): Promise<void> {
    for (const { device } of this.#models.get(id)?.constants.values() ?? []) device?.dispose();
    this.#models.delete(id);
  }

  inventory(): Omit<Inventory, "heapBytes"> {
    return { programs: this.#models.size, tensors: this.#tf.memory().numTensors };
  }

  async close(): Promise<void> {
    for (const id of this.#models.keys()) await this.release(id);
    for (const tensor of this.#state.values()) tensor.dispose();
    this.#state.clear();
  }

  #compute(node: FlatNode, find: (name: string) => Operand, made: Map<string, Operand>): void {
    const { op, outputs } = node;
    const inputs = node.inputs.map((name) => (name === null ? null : find(name)));
    const attributes = attributesOf(op, node.attributes);
    const { shape } = outputs[0]!;
    if (outputs[0]!.dtype === "int64" || inputs[0]?.device === null) {
      const data = KERNELS[op]!({ inputs: inputs.map(download), attributes, shape });
      for (const [i, { name, ...type }] of outputs.entries())
        made.set(name, this.#operand({ ...type, data: data[i]! }));
      return;
    }
    const results = this.#tf.tidy(() => this.#kernels[op]!({ inputs, attributes, shape }));
    for (const [i, device] of results.entries()) {
      const output = outputs[i];
      if (output === undefined) device.dispose();
      else made.set(output.name, { device, host: null });
    }
  }

  async #finish(model: Model, valueOf: (output: string) => Operand): Promise<RunResult> {
    const outputs: Record<string, Tensor> = {};
    for (const name of model.outputs.keys())
      if (!model.updates.has(name)) outputs[name] = await fetched(valueOf(name));
    const failed = failedGuard(model.guards, outputs);
    if (failed !== null) return { outputs, failed };
    // All first, since an update may be another state's present value.
    const next = [...model.updates].map(
      ([output, name]) => [name, this.#tf.clone(valueOf(output).device!)] as const,
    );
    for (const [name, tensor] of next) {
      this.#state.get(name)?.dispose();
      this.#state.set(name, tensor);
    }
    return { outputs, failed };
  }

  #stateOf(name: string): core.Tensor {
    const found = this.#state.get(name);
    if (found === undefined) throw new Error(`the state has no ${name}`);
    return found;
  }

  #constant(tensor: Tensor): Operand {
    return { ...this.#operand(tensor), host: tensor };
  }

  #operand(tensor: Tensor): Operand {
    if (tensor.dtype === "int64") return { device: null, host: tensor };
    return { device: this.#upload(tensor), host: null };
  }

  #upload({ dtype, shape, data }: Tensor): core.Tensor {
    const wide = dtype === "float16" ? Float32Array.from(data as Uint16Array, decodeFloat16) : data;
    const own = wide instanceof Float64Array ? Float32Array.from(wide) : wide;
    return this.#tf.tensor(own as Float32Array, [...shape], dtype === "bool" ? "bool" : "float32");
  }
}

/** Where each computed or fed value is read last. */
function lastUses({ nodes, outputs }: FlatPlan): string[][] {
  const last = new Map<string, number>();
  for (const [i, node] of nodes.entries()) {
    for (const { name } of node.outputs) last.set(name, i);
    for (const name of node.inputs) if (name !== null) last.set(name, i);
  }
  for (const name of outputs.values()) last.delete(name);
  const finished = nodes.map((): string[] => []);
  for (const [name, i] of last) finished[i]!.push(name);
  return finished;
}

function typeOf({ dtype }: core.Tensor): DType {
  return dtype === "bool" ? "bool" : "float32";
}

/** At hand for a reference kernel, which takes f64. */
function download(operand: Operand | null): Tensor | null {
  if (operand === null || operand.host !== null) return operand?.host ?? null;
  const { device } = operand;
  const values = device!.dataSync();
  const data = typeOf(device!) === "bool" ? Uint8Array.from(values) : Float64Array.from(values);
  return { dtype: typeOf(device!), shape: device!.shape, data };
}

async function fetched({ device, host }: Operand): Promise<Tensor> {
  if (device === null) return host!;
  const values = await device.data();
  const data = typeOf(device) === "bool" ? Uint8Array.from(values) : Float32Array.from(values);
  return { dtype: typeOf(device), shape: device.shape, data };
}
