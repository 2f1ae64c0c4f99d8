/** @file The embeddings of a batch and the loss's gradient with respect to them. */
import type { Tensor } from "../engine/index.ts";

/** What is encoded; each has an encoder of its own, which may share parameters with the others. */
export type Side = "query" | "target" | "hardNegatives";

type Reals = Float32Array | Float64Array;
type Cached = { readonly size: number; embeddings: Reals | null; gradient: Reals | null };

/** Rows of `dim` numbers for each side; f32, or f64 if that is what the executor gives. */
export class EmbeddingCache {
  readonly #dim: number;
  readonly #cached: ReadonlyMap<Side, Cached>;

  constructor(sizes: ReadonlyMap<Side, number>, dim: number) {
    this.#dim = dim;
    this.#cached = new Map(
      [...sizes].map(([side, size]) => [side, { size, embeddings: null, gradient: null }]),
    );
  }

  get sides(): Side[] {
    return [...this.#cached.keys()];
  }

  size(side: Side): number {
    return this.#of(side).size;
  }

  setEmbeddings(side: Side, start: number, { data }: Tensor): void {
    const own = this.#of(side);
    own.embeddings ??= this.#room(own, data as Reals);
    own.embeddings.set(data as Reals, start * this.#dim);
  }

  addGradient(side: Side, start: number, { data }: Tensor): void {
    const own = this.#of(side);
    own.gradient ??= this.#room(own, data as Reals);
    const from = start * this.#dim;
    const { gradient } = own;
    for (let i = 0; i < data.length; i++) gradient[from + i]! += Number(data[i]);
  }

  /** Embeddings of some or all items. */
  rows(side: Side, start = 0, rows = this.size(side)): Tensor {
    return this.#part(this.#of(side).embeddings!, start, rows);
  }

  gradient(side: Side, start: number, rows: number): Tensor {
    return this.#part(this.#of(side).gradient!, start, rows);
  }

  /** A copy where it is a part: a message would carry the whole of its buffer. */
  #part(all: Reals, start: number, rows: number): Tensor {
    const [from, to] = [start * this.#dim, (start + rows) * this.#dim];
    const data = to - from === all.length ? all : all.slice(from, to);
    return { dtype: "float32", shape: [rows, this.#dim], data };
  }

  #room({ size }: Cached, like: Reals): Reals {
    return like instanceof Float64Array
      ? new Float64Array(size * this.#dim)
      : new Float32Array(size * this.#dim);
  }

  #of(side: Side): Cached {
    return this.#cached.get(side)!;
  }
}
