/** @file Comparisons, masks and choice. Comparisons have no gradient. */
import type { Value } from "../graph.ts";
import type { Operand } from "./emit.ts";
import { broadcastShapes, emit, operands, reduceTo, sameGraph, wantDtype } from "./emit.ts";

export function greater(a: Operand, b: Operand): Value {
  return compare("Greater", "greater", a, b);
}

export function greaterOrEqual(a: Operand, b: Operand): Value {
  return compare("GreaterOrEqual", "greaterOrEqual", a, b);
}

export function less(a: Operand, b: Operand): Value {
  return compare("Less", "less", a, b);
}

export function lessOrEqual(a: Operand, b: Operand): Value {
  return compare("LessOrEqual", "lessOrEqual", a, b);
}

export function equal(a: Operand, b: Operand): Value {
  return compare("Equal", "equal", a, b);
}

/** Elementwise, both bool. */
export function and(a: Value, b: Value): Value {
  return logical("And", "and", a, b);
}

/** Elementwise, both bool. */
export function or(a: Value, b: Value): Value {
  return logical("Or", "or", a, b);
}

export function not(x: Value): Value {
  wantDtype("not", x, "bool");
  return emit("Not", [x], x.shape, "bool");
}

/** a where `condition` (bool) holds, else b; all three broadcast. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  wantDtype("where", condition, "bool");
  const [x, y] = choices(condition, a, b);
  const both = broadcastShapes("where", x.shape, y.shape);
  const shape = broadcastShapes("where", condition.shape, both);
  const output = emit("Where", [condition, x, y], shape, x.dtype);
  if (x.dtype !== "float32") return output;
  const zero = x.graph.scalar(0);
  const chosen = (p: Value, q: Value): Value => emit("Where", [condition, p, q], shape, "float32");
  output.graph.record(
    [x, y],
    [output],
    [(g) => reduceTo(chosen(g, zero), x.shape), (g) => reduceTo(chosen(zero, g), y.shape)],
  );
  return output;
}

// --- internal ---

function compare(op: string, name: string, a: Operand, b: Operand): Value {
  const [x, y] = operands(name, a, b);
  if (op !== "Equal") wantDtype(name, x, "float32", "int64");
  return emit(op, [x, y], broadcastShapes(name, x.shape, y.shape), "bool");
}

function logical(op: string, name: string, a: Value, b: Value): Value {
  sameGraph(name, a, b);
  wantDtype(name, a, "bool");
  wantDtype(name, b, "bool");
  if (a === b) return a;
  return emit(op, [a, b], broadcastShapes(name, a.shape, b.shape), "bool");
}

function choices(condition: Value, a: Operand, b: Operand): readonly [Value, Value] {
  const { graph } = condition;
  if (typeof a === "number" && typeof b === "number") return [graph.scalar(a), graph.scalar(b)];
  const [x, y] = operands("where", a, b);
  sameGraph("where", condition, x);
  return [x, y];
}
