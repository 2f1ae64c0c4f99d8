/** @file Reverse-mode differentiation: appends the gradient's nodes to the same graph. */
import type { TapeEntry, Value } from "./graph.ts";
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
  return passedBack(entriesOf(loss), new Map([[loss, filled(graph, loss.shape, 1)]]), wrt);
}

/** Tape entries that a value depends on, in topological order; what `known` gives is not looked into. */
export function entriesOf(
  value: Value,
  known: EntryOf = (one) => one.graph.tapeEntry(one),
): TapeEntry[] {
  const found = new Set<TapeEntry>();
  const pending = [value];
  while (pending.length > 0) {
    const entry = known(pending.pop()!);
    if (entry === undefined || found.has(entry)) continue;
    found.add(entry);
    pending.push(...entry.inputs);
  }
  return [...found].sort((a, b) => a.outputs[0]!.id - b.outputs[0]!.id);
}

/** The entry that made a value; undefined for one to stop at. */
export type EntryOf = (value: Value) => TapeEntry | undefined;

/** Gradients of `wrt`, given those of the ends of `entries`; null for a value that they don't reach. */
export function passedBack(
  entries: readonly TapeEntry[],
  ends: ReadonlyMap<Value, Value>,
  wrt: readonly Value[],
): (Value | null)[] {
  const active = activeValues(entries, wrt);
  const known = new Map([...ends].filter(([end]) => active.has(end)));
  for (const entry of entries.toReversed()) pass(entry, active, known);
  return wrt.map((value) => known.get(value) ?? null);
}

/** Values that depend on one of `wrt`. */
function activeValues(entries: readonly TapeEntry[], wrt: readonly Value[]): Set<Value> {
  const active = new Set(wrt);
  for (const { inputs, outputs, rules } of entries) {
    const passes = (i: number): boolean => typeof rules === "function" || rules[i] !== null;
    if (inputs.some((input, i) => passes(i) && active.has(input))) {
      for (const output of outputs) active.add(output);
    }
  }
  return active;
}

/** Takes the gradients of an entry's outputs to its inputs. */
function pass(entry: TapeEntry, active: Set<Value>, known: Map<Value, Value>): void {
  const { inputs, outputs, rules } = entry;
  if (!outputs.some((output) => known.has(output))) return;
  const own = outputs.map((output) => known.get(output) ?? filled(output.graph, output.shape, 0));
  if (typeof rules === "function") {
    const wanted = inputs.filter((input) => active.has(input));
    for (const [i, gradient] of rules(wanted, own[0]!).entries()) {
      if (gradient !== null) meet(wanted[i]!, gradient, known);
    }
    return;
  }
  for (const [i, input] of inputs.entries()) {
    const rule = rules[i];
    if (rule !== null && rule !== undefined && active.has(input)) meet(input, rule(...own), known);
  }
}

/** Adds a gradient to what is known of its value's. */
function meet(value: Value, gradient: Value, known: Map<Value, Value>): void {
  if (gradient.shape.join() !== value.shape.join()) {
    throw new Error(
      `internal: gradient of ${value.name} ${showShape(value.shape)} came out as ${showShape(gradient.shape)}`,
    );
  }
  const before = known.get(value);
  known.set(value, before === undefined ? gradient : add(before, gradient));
}
