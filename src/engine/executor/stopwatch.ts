/** @file Times of nodes, for executors that go through them one by one. */
import type { NodeTime, NodeTimes } from "./types.ts";

type Timed = { readonly op: string; readonly outputs: readonly { readonly name: string }[] };

export class Stopwatch {
  readonly #provider: string;
  readonly #nodes = new Map<string, { readonly op: string; microseconds: number }>();
  #microseconds = 0;

  constructor(provider: string) {
    this.#provider = provider;
  }

  /** Times one node; what comes again is added. */
  node({ op, outputs }: Timed, compute: () => void): void {
    const start = performance.now();
    compute();
    const own = this.#nodes.get(outputs[0]!.name) ?? { op, microseconds: 0 };
    own.microseconds += 1000 * (performance.now() - start);
    this.#nodes.set(outputs[0]!.name, own);
  }

  async whole<T>(run: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await run();
    this.#microseconds += 1000 * (performance.now() - start);
    return result;
  }

  /** Means over `runs` runs. */
  times(runs: number): Omit<NodeTimes, "device"> {
    const nodes = [...this.#nodes].map(([name, { op, microseconds }]): NodeTime => {
      return { name, op, provider: this.#provider, microseconds: microseconds / runs };
    });
    return { nodes, microseconds: this.#microseconds / runs };
  }
}
