/** @file Picking rows by index, and adding gradients back to them. */
import type { Value } from "../graph.ts";
import { sizeOf } from "../tensor.ts";
import { axisOf, dims, emit, filled, reshapeNode, sameGraph, wantDtype } from "./emit.ts";
import { transpose } from "./shape.ts";

/**
 * Rows of `table` [rows, ..] by `indices` int64 [..i]: [..i, ..]. With `axis`, along that one: its
 * size is replaced by the indices' shape. The gradient adds up rows picked several times.
 */
export function gather(
  table: Value,
  indices: Value,
  { axis = 0 }: { readonly axis?: number } = {},
): Value {
  wantDtype("gather", indices, "int64");
  sameGraph("gather", table, indices);
  const rank = table.shape.length;
  const at = axisOf("gather", axis, rank, table.shape);
  const shape = [...table.shape.slice(0, at), ...indices.shape, ...table.shape.slice(at + 1)];
  const output = emit("Gather", [table, indices], shape, table.dtype, { axis: { int: at } });
  if (table.dtype !== "float32") return output;
  table.graph.record(
    [table, indices],
    [output],
    [
      (g) => {
        // Both with the gathered axis in front, and indices as one list.
        const moved = [
          at,
          ...Array(rank)
            .keys()
            .filter((i) => i !== at),
        ];
        const flat = reshapeNode(g, [
          ...table.shape.slice(0, at),
          sizeOf(indices.shape),
          ...table.shape.slice(at + 1),
        ]);
        const rows = scatterAdd(table.shape[at]!, indices, transpose(flat, moved));
        return transpose(
          rows,
          moved.map((_, i) => moved.indexOf(i)),
        );
      },
      null,
    ],
  );
  return output;
}

/**
 * Zeros [rows, ..] plus `updates` [n, ..], each added to the row that `indices` (n in all) names.
 *
 * ScatterElements, not ScatterND: ONNX Runtime 1.30 adds the rows of ScatterND on several threads
 * without locks and loses some where an index is repeated (test/engine/gather.test.ts).
 */
function scatterAdd(rows: number, indices: Value, updates: Value): Value {
  const { graph } = updates;
  const count = sizeOf(indices.shape);
  const width = sizeOf(updates.shape.slice(1));
  const zeros = filled(graph, [rows, width], 0);
  const list = reshapeNode(indices, [count, 1]);
  const everywhere = emit("Expand", [list, dims(graph, [count, width])], [count, width], "int64");
  const flat = reshapeNode(updates, [count, width]);
  const sums = emit("ScatterElements", [zeros, everywhere, flat], [rows, width], "float32", {
    axis: { int: 0 },
    reduction: { string: "add" },
  });
  return reshapeNode(sums, [rows, ...updates.shape.slice(1)]);
}
