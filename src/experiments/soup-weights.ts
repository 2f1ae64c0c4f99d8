/** @file Arithmetic of model soups on named tensors: means of weights, LoRA merges, greedy selection. */
import type { State, Tensor } from "../engine/index.ts";

/** LoRA factors by name: `A` [rank, in], `B` [out, rank], of one layer. */
export type LoraNames = { readonly a: string; readonly b: string };

/** Equal shares of `members`. */
export function uniformWeights(members: number): number[] {
  if (!(members >= 1))
    throw new RangeError(`uniformWeights: expected at least 1 member, got ${members}`);
  return Array.from({ length: members }, () => 1 / members);
}

/**
 * Mean of every tensor: W = sum_m weight_m W_m. Members must share names and shapes, and weights must
 * sum to 1; meaningful where they left one common start (spec 1.8).
 */
export function meanOfWeights(members: readonly State[], weights: readonly number[]): State {
  checkMembers(members, weights);
  const merged: State = new Map();
  for (const [name, first] of members[0]!) {
    merged.set(
      name,
      combine(
        members.map((m) => m.get(name)!),
        weights,
        first,
      ),
    );
  }
  return merged;
}

/**
 * Exact mean of LoRA updates: sum_m weight_m B_m A_m, kept as one adapter of rank M r by stacking the A
 * and putting the weighted B side by side. Its layer must be built with rank M r and the members'
 * alpha / rank as scale. Other tensors (temperatures) are averaged.
 */
export function deltaMerge(
  members: readonly State[],
  weights: readonly number[],
  layers: readonly LoraNames[],
): State {
  checkMembers(members, weights);
  const factors = new Set(layers.flatMap(({ a, b }) => [a, b]));
  const rest = members.map((m) => new Map([...m].filter(([name]) => !factors.has(name))));
  const merged = meanOfWeights(rest, weights);
  for (const { a, b } of layers) {
    merged.set(a, stackRows(members.map((m) => tensorOf(m, a))));
    merged.set(
      b,
      besideColumns(
        members.map((m) => tensorOf(m, b)),
        weights,
      ),
    );
  }
  return merged;
}

/**
 * The product of an adapter's factors, B A [out, in], unscaled; what two merges are compared by.
 */
export function loraProduct(state: State, { a, b }: LoraNames): Tensor {
  const [down, up] = [tensorOf(state, a), tensorOf(state, b)];
  const [rank, width] = [down.shape[0]!, down.shape[1]!];
  const height = up.shape[0]!;
  const data = new Float32Array(height * width);
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let r = 0; r < rank; r++)
        sum += numbers(up)[i * rank + r]! * numbers(down)[r * width + j]!;
      data[i * width + j] = sum;
    }
  return { dtype: "float32", shape: [height, width], data };
}

export type GreedySoup = {
  /** Members taken, in the order they were taken. */
  readonly taken: readonly number[];
  /** Share of each member, 0 for those left out. */
  readonly weights: readonly number[];
  readonly score: number;
};

/**
 * Greedy soup: from the best member down, a member stays if the score of the uniform mean of those
 * taken and it is not lower. `score` must be measured on held-out data, never on the test split.
 *
 * @param scores each member's own score
 * @param score scores a soup of the given weights
 */
export async function greedySoup(
  scores: readonly number[],
  score: (weights: readonly number[]) => Promise<number>,
): Promise<GreedySoup> {
  if (scores.length === 0) throw new RangeError("greedySoup: no members");
  const order = scores.map((_, i) => i).sort((i, j) => scores[j]! - scores[i]! || i - j);
  let taken = [order[0]!];
  let best = scores[order[0]!]!;
  for (const candidate of order.slice(1)) {
    const tried = [...taken, candidate];
    const got = await score(shares(tried, scores.length));
    if (got >= best) [taken, best] = [tried, got];
  }
  return { taken, weights: shares(taken, scores.length), score: best };
}

function shares(taken: readonly number[], members: number): number[] {
  return Array.from({ length: members }, (_, i) => (taken.includes(i) ? 1 / taken.length : 0));
}

/**
 * Height of the barrier on the line between two members: the largest rise of the loss above the
 * straight line between its ends; 0 in a convex valley.
 *
 * @param lambdas ascending from 0 to 1
 */
export function barrierHeight(lambdas: readonly number[], losses: readonly number[]): number {
  if (lambdas.length !== losses.length || lambdas.length < 2) {
    throw new RangeError(
      `barrierHeight: expected one loss per lambda and at least 2, got ${losses.length} and ${lambdas.length}`,
    );
  }
  const [first, last] = [losses[0]!, losses.at(-1)!];
  return Math.max(0, ...lambdas.map((l, i) => losses[i]! - (first + l * (last - first))));
}

function checkMembers(members: readonly State[], weights: readonly number[]): void {
  if (members.length === 0) throw new RangeError("soup: no members");
  if (weights.length !== members.length) {
    throw new RangeError(`soup: expected ${members.length} weights, got ${weights.length}`);
  }
  const total = weights.reduce((sum, w) => sum + w, 0);
  if (!(Math.abs(total - 1) < 1e-6))
    throw new RangeError(`soup: weights must sum to 1, got ${total}`);
  const [first, ...others] = members;
  for (const [i, other] of others.entries()) {
    if (other.size !== first!.size) {
      throw new RangeError(
        `soup: member ${i + 1} has ${other.size} tensors, member 0 has ${first!.size}`,
      );
    }
    for (const [name, { shape }] of first!) {
      const got = other.get(name)?.shape;
      if (got === undefined || got.join() !== shape.join()) {
        throw new RangeError(
          `soup: ${name} must be [${shape.join(",")}] in every member, got ${got ? `[${got.join(",")}]` : "none"} in member ${i + 1}`,
        );
      }
    }
  }
}

function combine(tensors: readonly Tensor[], weights: readonly number[], like: Tensor): Tensor {
  const data = new Float32Array(numbers(like).length);
  for (let i = 0; i < data.length; i++) {
    let sum = 0;
    for (const [m, t] of tensors.entries()) sum += weights[m]! * numbers(t)[i]!;
    data[i] = sum;
  }
  return { dtype: "float32", shape: like.shape, data };
}

/** [rank, in] of every member, one above the other. */
function stackRows(tensors: readonly Tensor[]): Tensor {
  const width = tensors[0]!.shape[1]!;
  const rows = tensors.reduce((sum, t) => sum + t.shape[0]!, 0);
  const data = new Float32Array(rows * width);
  let at = 0;
  for (const t of tensors) {
    data.set(numbers(t), at);
    at += numbers(t).length;
  }
  return { dtype: "float32", shape: [rows, width], data };
}

/** weight_m [out, rank] of every member, side by side. */
function besideColumns(tensors: readonly Tensor[], weights: readonly number[]): Tensor {
  const height = tensors[0]!.shape[0]!;
  const width = tensors.reduce((sum, t) => sum + t.shape[1]!, 0);
  const data = new Float32Array(height * width);
  let left = 0;
  for (const [m, t] of tensors.entries()) {
    const rank = t.shape[1]!;
    for (let i = 0; i < height; i++)
      for (let r = 0; r < rank; r++) {
        data[i * width + left + r] = weights[m]! * numbers(t)[i * rank + r]!;
      }
    left += rank;
  }
  return { dtype: "float32", shape: [height, width], data };
}

function tensorOf(state: State, name: string): Tensor {
  const found = state.get(name);
  if (found === undefined) throw new RangeError(`soup: no tensor ${name}`);
  return found;
}

function numbers(tensor: Tensor): Float32Array | Float64Array {
  if (tensor.data instanceof Float32Array || tensor.data instanceof Float64Array)
    return tensor.data;
  throw new TypeError(`soup: expected float tensors, got ${tensor.dtype}`);
}
