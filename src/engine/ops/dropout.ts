/** @file Dropout whose mask is a pure function of seed, site and position. */
import type { Value } from "../graph.ts";
import { showShape, sizeOf, tensor } from "../tensor.ts";
import { mul } from "./arithmetic.ts";
import { emit, reshapeNode, wantDtype } from "./emit.ts";
import { located } from "./located.ts";

export type DropoutOptions = {
  /** Share of elements set to 0, in [0, 1). */
  readonly rate: number;
  /** int64 []: feed another one each step. The same seed drops the same elements, on every executor. */
  readonly seed: Value;
  /** Tells the graph's dropouts apart; default their order. Equal in two graphs that must agree. */
  readonly site?: number;
};

/**
 * x m / (1 - rate), where m is 0 with probability `rate`, else 1.
 *
 * m is worked out in the graph by a counter-based hash in 64-bit integers that wrap: with
 * f(h) = h (2 h + 1), the bijection of RC6 whose upper bits depend on all of h,
 *
 *     h = f(a f(seed' + b position)),  dropped where h < threshold
 */
export function dropout(x: Value, { rate, seed, site }: DropoutOptions): Value {
  wantDtype("dropout", x, "float32");
  wantDtype("dropout", seed, "int64");
  if (!(rate >= 0 && rate < 1))
    throw located(new RangeError(`dropout: rate must be in [0, 1), got ${rate}`));
  if (seed.shape.length > 0) {
    throw located(new RangeError(`dropout: seed must be one number, got ${showShape(seed.shape)}`));
  }
  const own = site ?? x.graph.nextDropout();
  if (rate === 0) return x;
  const { graph, shape } = x;
  const size = sizeOf(shape);
  const integer = (n: bigint): Value => graph.constant(tensor([BigInt.asIntN(64, n)], [], "int64"));
  const op = (name: string, a: Value, b: Value): Value => {
    return emit(name, [a, b], a.shape.length >= b.shape.length ? a.shape : b.shape, "int64");
  };
  const f = (h: Value): Value => op("Mul", h, op("Add", op("Add", h, h), integer(1n)));
  const start = f(op("Add", op("Mul", seed, integer(A)), integer(BigInt(own) * B + C)));
  const counter = emit("Range", [integer(0n), integer(BigInt(size)), integer(1n)], [size], "int64");
  const h = f(op("Mul", f(op("Add", op("Mul", counter, integer(B)), start)), integer(A)));
  // h is uniform over all signed 64-bit integers.
  const threshold = integer(BigInt(Math.round(rate * 2 ** 53)) * 2048n - 2n ** 63n);
  const kept = emit("GreaterOrEqual", [h, threshold], [size], "bool");
  const factor = emit("Cast", [kept], [size], "float32", { to: { int: 1 } });
  return mul(x, mul(reshapeNode(factor, shape), 1 / (1 - rate)));
}

// Odd multipliers: 2^64 divided by the golden ratio, and two of SplitMix64's and Murmur3's.
const A = 0x9e3779b97f4a7c15n;
const B = 0xbf58476d1ce4e5b9n;
const C = 0xff51afd7ed558ccdn;
