/** @file The reference executor: interprets a plan's nodes one by one, in f64. For checks, not for speed. */
import type { Node, Value } from "../../graph.ts";
import type { Plan } from "../../onnx/plan.ts";
import { fromState } from "../../onnx/write.ts";
import type { State, Tensor } from "../../tensor.ts";
import { tensor } from "../../tensor.ts";
import { decodeFloat16 } from "../../halves.ts";
import { liveHeap } from "../live-heap.ts";
import { Stopwatch } from "../stopwatch.ts";
import type {
  Compilation,
  Device,
  Executor,
  Inventory,
  NodeTimes,
  RunResult,
  Tensors,
} from "../types.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import type { Kernel } from "./kernels.ts";
import { attributesOf } from "./kernels.ts";
import { MOVING } from "./moving.ts";
import { QUANTIZED } from "./quantized.ts";
import { failedGuard } from "../guards.ts";
import { REDUCING } from "./reducing.ts";

/** By ONNX operator. */
export const KERNELS: Readonly<Record<string, Kernel>> = {
  ...ELEMENTWISE,
  ...MOVING,
  ...QUANTIZED,
  ...REDUCING,
};

export function reference(): Executor {
  return { name: "reference", open: () => Promise.resolve(new ReferenceDevice()) };
}

/** All outputs of a plan, given its inputs and state. */
export function interpret(
  plan: Plan,
  feeds: Tensors,
  state: State,
  stopwatch?: Stopwatch,
): Record<string, Tensor> {
  const known = new Map<Value, Tensor>();
  for (const value of plan.inputs) known.set(value, inF64(feeds[value.name]!));
  for (const value of plan.states) known.set(value, inF64(fromState(state, value)));
  for (const value of plan.constants) {
    if (value.source.kind === "constant") known.set(value, inF64(value.source.tensor));
  }
  for (const node of plan.nodes) {
    if (stopwatch === undefined) runNode(node, known);
    else stopwatch.node(node, () => runNode(node, known));
  }
  return Object.fromEntries([...plan.outputs].map(([name, value]) => [name, known.get(value)!]));
}

class ReferenceDevice implements Device {
  readonly name = "reference";
  readonly detail = "plain TypeScript, f64";
  readonly #state: State = new Map();
  readonly #compiled = new Map<string, Compilation>();

  async load(state: State): Promise<void> {
    for (const [name, tensor] of state) this.#state.set(name, copy(inF64(tensor)));
  }

  async state(names: readonly string[] = [...this.#state.keys()]): Promise<State> {
    return new Map(names.map((name) => [name, stored(this.#state.get(name)!)]));
  }

  async compile(id: string, compilation: Compilation): Promise<void> {
    const strange = compilation.plan.nodes.find(({ op }) => !(op in KERNELS));
    if (strange !== undefined) {
      throw new Error(`compiling ${id}: the reference executor has no ${strange.op}`);
    }
    this.#compiled.set(id, compilation);
  }

  async run(id: string, feeds: readonly Tensors[]): Promise<RunResult[]> {
    const results: RunResult[] = [];
    for (const fed of feeds) {
      results.push(this.#runOnce(this.#compiled.get(id)!, fed));
      if (results.at(-1)!.failed !== null) break;
    }
    return results;
  }

  async release(id: string): Promise<void> {
    this.#compiled.delete(id);
  }

  async profile({ plan }: Compilation, feeds: Tensors, runs: number): Promise<NodeTimes> {
    const stopwatch = new Stopwatch(this.name);
    for (let run = 0; run < runs; run++) {
      await stopwatch.whole(async () => interpret(plan, feeds, this.#state, stopwatch));
    }
    return { ...stopwatch.times(runs), device: this.name };
  }

  async inventory(): Promise<Inventory> {
    const [programs, tensors] = [this.#compiled.size, this.#state.size];
    return { programs, tensors, heapBytes: liveHeap() };
  }

  async close(): Promise<void> {
    this.#compiled.clear();
    this.#state.clear();
  }

  #runOnce({ plan, updates, guards }: Compilation, feeds: Tensors): RunResult {
    const all = interpret(plan, feeds, this.#state);
    const outputs: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(all))
      if (!updates.has(name)) outputs[name] = copy(tensor);
    const failed = failedGuard(guards, all);
    if (failed === null) for (const [name, target] of updates) this.#state.set(target, all[name]!);
    return { outputs, failed };
  }
}

function runNode({ op, inputs, outputs, attributes }: Node, known: Map<Value, Tensor>): void {
  const given = inputs.map((value) => (value === null ? null : known.get(value)!));
  const { shape } = outputs[0]!;
  const data = KERNELS[op]!({ inputs: given, attributes: attributesOf(op, attributes), shape });
  for (const [i, value] of outputs.entries()) {
    known.set(value, { dtype: value.dtype, shape: value.shape, data: data[i]! });
  }
}

function inF64(tensor: Tensor): Tensor {
  if (tensor.data instanceof Uint16Array) {
    return { ...tensor, data: Float64Array.from(tensor.data, decodeFloat16) };
  }
  if (!(tensor.data instanceof Float32Array)) return tensor;
  return { ...tensor, data: Float64Array.from(tensor.data) };
}

/** A copy as it was loaded: halves are bits outside. */
function stored({ dtype, shape, data }: Tensor): Tensor {
  return dtype === "float16"
    ? tensor(Array.from(data, Number), shape, dtype)
    : copy({ dtype, shape, data });
}

function copy(tensor: Tensor): Tensor {
  return { ...tensor, data: tensor.data.slice() };
}
