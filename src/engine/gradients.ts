/** @file Reverse-mode differentiation: appends the gradient's nodes to the same graph. */
import type { Graph, TapeEntry, Value } from "./graph.ts";
import { add } from "./ops/arithmetic.ts";
import { filled } from "./ops/emit.ts";
import { showShape, sizeOf } from "./tensor.ts";

/** d loss / d each of `wrt`, in the shapes of `wrt`; zeros for a value the loss does not depend on. */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  return reachedGradients(loss, wrt).map((g, i) => g ?? filled(loss.graph, wrt[i]!.shape, 0));
}

/** As `gradients`, with null for a value the loss does not depend on. */
export function reachedGradients(loss: Value, wrt: readonly Value[]): (Value | null)[] {
  const { graph } = loss;
  if (sizeOf(loss.shape) !== 1 || loss.dtype !== "float32") {
    throw new RangeError(
      `gradients: loss must be one float32 number, got ${loss.dtype} ${showShape(loss.shape)}`,
    );
  }
  for (const value of wrt) {
    if (value.graph !== graph)
      throw new Error(`gradients: ${value.name} is a value of another graph`);
    if (value.dtype !== "float32") {
      throw new TypeError(`gradients: ${value.name} is ${value.dtype}, only float32 has gradients`);
    }
  }
  const entries = ancestors(loss);
  const active = activeValues(entries, wrt);
  const known = new Map<Value, Value>();
  if (active.has(loss)) known.set(loss, filled(graph, loss.shape, 1));
  for (const entry of entries.toReversed()) pass(graph, entry, active, known);
  return wrt.map((value) => known.get(value) ?? null);
}

/** Tape entries the loss depends on, in topological order. */
function ancestors(loss: Value): TapeEntry[] {
  const found = new Set<TapeEntry>();
  const pending = [loss];
  while (pending.length > 0) {
    const entry = loss.graph.tapeEntry(pending.pop()!);
    if (entry === undefined || found.has(entry)) continue;
    found.add(entry);
    pending.push(...entry.inputs);
  }
  return [...found].sort((a, b) => a.outputs[0]!.id - b.outputs[0]!.id);
}

/** Values that depend on one of `wrt`. */
function activeValues(entries: readonly TapeEntry[], wrt: readonly Value[]): Set<Value> {
  const active = new Set(wrt);
  for (const { inputs, outputs, rules } of entries) {
    if (inputs.some((input, i) => rules[i] !== null && active.has(input))) {
      for (const output of outputs) active.add(output);
    }
  }
  return active;
}

/** Takes the gradients of an entry's outputs to its inputs. */
function pass(graph: Graph, entry: TapeEntry, active: Set<Value>, known: Map<Value, Value>): void {
  if (!entry.outputs.some((output) => known.has(output))) return;
  const own = entry.outputs.map((output) => known.get(output) ?? filled(graph, output.shape, 0));
  for (const [i, input] of entry.inputs.entries()) {
    const rule = entry.rules[i];
    if (rule === null || rule === undefined || !active.has(input)) continue;
    const gradient = rule(...own);
    if (gradient.shape.join() !== input.shape.join()) {
      throw new Error(
        `internal: gradient of ${input.name} ${showShape(input.shape)} came out as ${showShape(gradient.shape)}`,
      );
    }
    const before = known.get(input);
    known.set(input, before === undefined ? gradient : add(before, gradient));
  }
}
