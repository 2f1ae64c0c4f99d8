/** @file Forward passes: graphs of several batch shapes on one set of parameters. */
import type { Executor, Feeds, Host, Results } from "./execute/executor.ts";
import type { Graph } from "./graph.ts";
import { neededInputs } from "./onnx/model.ts";
import type { State } from "./optimizer.ts";

export type EvaluatorOptions = {
  readonly executor: Executor;
  readonly state: State;
  /** The graph, with its outputs, for a bucket of batch shapes; called once for each bucket. */
  readonly build: (bucket: string) => Graph;
};

/** Runs graphs in the executor's own thread. */
export class Evaluator {
  readonly #host: Host;
  readonly #build: (bucket: string) => Graph;
  readonly #programs = new Map<string, Promise<number>>();

  private constructor(host: Host, build: (bucket: string) => Graph) {
    this.#host = host;
    this.#build = build;
  }

  static async create({ executor, state, build }: EvaluatorOptions): Promise<Evaluator> {
    const host = await executor.open();
    await host.setState(state);
    return new Evaluator(host, build);
  }

  /** The outputs of the bucket's graph. */
  async run(bucket: string, feeds: Feeds): Promise<Results> {
    let program = this.#programs.get(bucket);
    if (program === undefined) {
      program = this.#compile(this.#build(bucket));
      this.#programs.set(bucket, program);
    }
    return (await this.#host.run(await program, [feeds]))[0]!;
  }

  /** Goes on with other parameters. */
  async load(state: State): Promise<void> {
    await this.#host.setState(state);
  }

  async close(): Promise<void> {
    await this.#host.close();
  }

  #compile(graph: Graph): Promise<number> {
    const outputs = [...graph.outputs.keys()];
    const needed = neededInputs(graph, outputs);
    const parameters = graph
      .parameters()
      .map((p) => p.name)
      .filter((name) => needed.has(name));
    return this.#host.prepare({ graph, outputs, parameters, updates: [] });
  }
}
