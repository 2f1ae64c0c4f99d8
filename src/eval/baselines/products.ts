/** @file Products of big matrices through an executor, for closed-form fits. */
import type { Executor } from "../../engine/index.ts";
import { Evaluator, Graph, matmul, tensor } from "../../engine/index.ts";
import type { Matrix } from "../embeddings.ts";

export type Transposes = { readonly a?: boolean; readonly b?: boolean };

/** One graph for each pair of shapes, compiled when first met. */
export class MatrixProducts {
  readonly #evaluator: Evaluator;

  private constructor(evaluator: Evaluator) {
    this.#evaluator = evaluator;
  }

  static async create(executor: Executor): Promise<MatrixProducts> {
    const build = (bucket: string): Graph => {
      const { a, b, transposes } = JSON.parse(bucket) as Bucket;
      const graph = new Graph();
      const [left, right] = [graph.input("a", a), graph.input("b", b)];
      const options = { transposeA: transposes.a ?? false, transposeB: transposes.b ?? false };
      graph.output("product", matmul(left, right, options));
      return graph;
    };
    return new MatrixProducts(await Evaluator.create({ executor, state: new Map(), build }));
  }

  /** a b, either of them transposed first. */
  async multiply(a: Matrix, b: Matrix, transposes: Transposes = {}): Promise<Matrix> {
    const shapes: Bucket = { a: [a.rows, a.dim], b: [b.rows, b.dim], transposes };
    const { product } = await this.#evaluator.run(JSON.stringify(shapes), {
      a: tensor(a.data, shapes.a),
      b: tensor(b.data, shapes.b),
    });
    const [rows, dim] = product!.shape as readonly [number, number];
    return { rows, dim, data: Float32Array.from(product!.data as Float32Array) };
  }

  close(): Promise<void> {
    return this.#evaluator.close();
  }
}

type Bucket = { readonly a: number[]; readonly b: number[]; readonly transposes: Transposes };
