/** @file The evaluator: forward graphs per bucket over one state. */
import type { Device, Executor, Tensors } from "./executor/types.ts";
import { checkedFeeds } from "./feeds.ts";
import { once } from "./once.ts";
import type { Graph } from "./graph.ts";
import type { Plan } from "./onnx/plan.ts";
import { planOf } from "./onnx/plan.ts";
import { fromState } from "./onnx/write.ts";
import type { State, Tensor } from "./tensor.ts";

export type EvaluatorOptions = {
  readonly executor: Executor;
  /** Must hold every parameter; other tensors in it are ignored. */
  readonly state: State;
  /** The graph, with outputs, for one bucket of shapes; called once per bucket. */
  readonly build: (bucket: string) => Graph;
};

type Bucket = { readonly graph: Graph; readonly plan: Plan };

/** Runs forward graphs. Every bucket of shapes is compiled once; all share one state. */
export class Evaluator {
  readonly #device: Device;
  readonly #build: (bucket: string) => Graph;
  readonly #buckets = new Map<string, Promise<Bucket>>();
  #state: State;

  private constructor(device: Device, state: State, build: (bucket: string) => Graph) {
    this.#device = device;
    this.#state = state;
    this.#build = build;
  }

  static async create({ executor, state, build }: EvaluatorOptions): Promise<Evaluator> {
    const device = await executor.open();
    const own = parametersOf(state);
    await device.load(own);
    return new Evaluator(device, own, build);
  }

  /** The graph's outputs by name. */
  async run(bucket: string, feeds: Tensors): Promise<Record<string, Tensor>> {
    const { graph, plan } = await this.#bucket(bucket);
    const used = checkedFeeds(bucket, graph.inputs(), plan.inputs, feeds);
    const [result] = await this.#device.run(bucket, [used]);
    return result!.outputs;
  }

  /** Replaces the state's tensors by those of `state`. */
  async load(state: State): Promise<void> {
    const own = parametersOf(state);
    for (const pending of this.#buckets.values()) {
      for (const value of (await pending).plan.states) fromState(own, value);
    }
    this.#state = own;
    await this.#device.load(own);
  }

  async close(): Promise<void> {
    await this.#device.close();
  }

  #bucket(name: string): Promise<Bucket> {
    return once(this.#buckets, name, (fresh) => this.#compile(fresh));
  }

  async #compile(name: string): Promise<Bucket> {
    const graph = this.#build(name);
    const plan = planOf(graph);
    for (const value of plan.states) fromState(this.#state, value);
    await this.#device.compile(name, { plan, updates: new Map(), guards: [] });
    return { graph, plan };
  }
}

/** Without the optimiser's tensors. */
function parametersOf(state: State): State {
  return new Map([...state].filter(([name]) => !name.startsWith("adam.")));
}
