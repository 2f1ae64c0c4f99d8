/** @file Rotary positions. */
import type { Value } from "../graph.ts";
import { showShape, sizeOf, tensor } from "../tensor.ts";
import { add, mul, neg, sub } from "./arithmetic.ts";
import { broadcastShapes, emit, reduceTo, reshapeNode, sameGraph } from "./emit.ts";
import { concat, slice, split } from "./shape.ts";

/**
 * Rotary positions, in halves as in Qwen2-VL: x cos + [-x2, x1] sin, where x = [x1, x2].
 *
 * x is [.., tokens, dim], dim even. cos and sin broadcast to it; or they are [.., tokens, dim / 2],
 * which stands for the same numbers in both halves and is fastest: [tokens, dim / 2] or
 * [batch, 1, tokens, dim / 2] with x [batch, heads, tokens, dim] is one node of ONNX Runtime's.
 */
export function rotary(x: Value, cos: Value, sin: Value): Value {
  const dim = x.shape.at(-1)!;
  sameGraph("rotary", x, cos, sin);
  const [c, s] = [halved(cos, dim), halved(sin, dim)];
  if (c === null || s === null) {
    check(x, dim, cos, sin);
    const halves = { axis: -1, sizes: [dim / 2, dim / 2] };
    return rotated(x, split(cos, halves) as [Value, Value], split(sin, halves) as [Value, Value]);
  }
  check(x, dim / 2, c, s);
  const positions = fusedPositions(x, c, s);
  return positions === null ? rotated(x, [c, c], [s, s]) : fused(x, c, s, positions);
}

// --- internal ---

/** The table at half width, or null if its halves may differ. */
function halved(table: Value, dim: number): Value | null {
  const width = table.shape.at(-1);
  if (width === dim / 2) return table;
  if (table.source.kind !== "constant" || width !== dim) return null;
  const { data } = table.source.tensor;
  const half = dim / 2;
  const rows = data.length / dim;
  const first = (data as Float32Array).filter((_, i) => i % dim < half);
  for (let i = 0; i < rows * half; i++) {
    if (first[i] !== data[Math.floor(i / half) * dim + half + (i % half)]) return null;
  }
  return table.graph.constant(tensor(first, [...table.shape.slice(0, -1), half]));
}

function check(x: Value, width: number, ...tables: readonly Value[]): void {
  const target = [...x.shape.slice(0, -1), width];
  for (const table of tables) {
    const shown = `input ${showShape(x.shape)} and table ${showShape(table.shape)}`;
    const misfit = new RangeError(
      `rotary: ${shown} do not fit; width must be even and tables as wide or half as wide`,
    );
    if (x.shape.at(-1)! % 2 !== 0 || table.shape.at(-1) !== width) throw misfit;
    if (table.shape.length > target.length) throw misfit;
    if (broadcastShapes("rotary", target, table.shape).join() !== target.join()) throw misfit;
  }
}

function rotated(
  x: Value,
  [c1, c2]: readonly [Value, Value],
  [s1, s2]: readonly [Value, Value],
): Value {
  const half = x.shape.at(-1)! / 2;
  const [x1, x2] = split(x, { axis: -1, sizes: [half, half] }) as [Value, Value];
  return concat([sub(mul(x1, c1), mul(x2, s1)), add(mul(x2, c2), mul(x1, s2))], { axis: -1 });
}

/** Which row of the table each token takes, int64 [batch, tokens]; null if the shapes are others. */
function fusedPositions(x: Value, c: Value, s: Value): Value | null {
  const [batch, , tokens] = x.shape;
  if (x.shape.length !== 4 || c.shape.join() !== s.shape.join()) return null;
  const lead = c.shape.slice(0, -1).join();
  const shared = [`${tokens}`, `1,${tokens}`, `1,1,${tokens}`].includes(lead);
  if (!shared && lead !== `${batch},1,${tokens}`) return null;
  const at = (i: number): bigint => BigInt(shared ? i % tokens! : i);
  const rows = BigInt64Array.from({ length: batch! * tokens! }, (_, i) => at(i));
  return x.graph.constant(tensor(rows, [batch!, tokens!]));
}

function fused(x: Value, cos: Value, sin: Value, positions: Value): Value {
  const half = x.shape[3]! / 2;
  const flat = (table: Value): Value => reshapeNode(table, [sizeOf(table.shape) / half, half]);
  const node = (by: Value, s: Value): Value =>
    emit(
      "RotaryEmbedding",
      [by, positions, flat(cos), flat(s)],
      x.shape,
      "float32",
      {},
      "com.microsoft",
    );
  const output = node(x, sin);
  const part = (v: Value, i: 0 | 1): Value =>
    slice(v, { axis: -1, start: i * half, end: (i + 1) * half });
  // y1 = x1 c - x2 s, y2 = x2 c + x1 s
  x.graph.record(
    [x, cos, sin],
    [output],
    [
      (g) => node(g, neg(sin)),
      (g) => reduceTo(add(mul(part(g, 0), part(x, 0)), mul(part(g, 1), part(x, 1))), cos.shape),
      (g) => reduceTo(sub(mul(part(g, 1), part(x, 0)), mul(part(g, 0), part(x, 1))), sin.shape),
    ],
  );
  return output;
}
