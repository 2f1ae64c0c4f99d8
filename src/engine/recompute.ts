/** @file Activation recomputation: a block's backward computes its forward again instead of keeping it. */
import type { EntryOf } from "./gradients.ts";
import { entriesOf, passedBack } from "./gradients.ts";
import { sizeOf } from "./tensor.ts";
import type { Node, Value } from "./graph.ts";
import { emit, reshapeNode, reshapeRoot } from "./ops/emit.ts";
import { greater } from "./ops/logic.ts";
import { cast } from "./ops/math.ts";
import { sum } from "./ops/reduce.ts";
import { concat, slice } from "./ops/shape.ts";

/**
 * The same function, of which a backward pass needs nothing but the inputs: it computes the block again, so
 * that a deep model's memory goes by its blocks' inputs and one block's activations, for a forward more.
 *
 *     for (const layer of layers) x = recompute((before: Value) => decoderLayer(layer, before))(x);
 *
 * Same numbers, to the bit: the same nodes on the same values, dropout's seed included. What the block takes
 * from its closure counts as its input. Gradients of gradients are right but keep the activations.
 */
export function recompute<A extends readonly [Value, ...Value[]]>(
  block: (...inputs: A) => Value,
): (...inputs: A) => Value {
  return (...inputs) => {
    const { graph } = inputs[0];
    const first = graph.nextId;
    const result = block(...inputs);
    // Whoever reshapes the result reads what it is a reshape of.
    const end = reshapeRoot(result);
    const own = graph.tapeEntry(end);
    if (end.id < first || own === undefined || own.outputs.length > 1) return result;

    const within: EntryOf = (value) =>
      value === end ? own : value.id < first ? undefined : graph.tapeEntry(value);
    const entries = entriesOf(end, within);
    const made = new Set(entries.flatMap((entry) => entry.outputs));
    const taken = new Set(entries.flatMap((entry) => entry.inputs).filter((v) => !made.has(v)));

    graph.rerecord([...taken], end, (wanted, gradient) => {
      const kept = passedBack(entries, new Map([[end, gradient]]), wanted);
      const replaced = new Map<Value, Value>([[gradient, gradient]]);
      for (const leaf of leavesOf(end, first)) replaced.set(leaf, after([gradient], leaf));
      const again = recomputed(kept, { replaced, first });
      return inOrder(wanted, again);
    });
    return result;
  };
}

// --- internal ---

/** What changes from run to run, was there before value `first` and goes into `end`. */
function leavesOf(end: Value, first: number): Value[] {
  const found = new Set<Value>();
  const leaves: Value[] = [];
  const pending = [end];
  while (pending.length > 0) {
    const value = pending.pop()!;
    if (found.has(value)) continue;
    found.add(value);
    const { source } = value;
    if (source.kind === "node" && value.id >= first) {
      for (const input of source.node.inputs) if (input !== null) pending.push(input);
    } else if (source.kind === "node" || source.kind === "input") leaves.push(value);
  }
  return leaves.filter(({ dtype }) => dtype === "float32" || dtype === "int64");
}

type Replacement = {
  /** The values to compute from, by those that they stand for. */
  readonly replaced: ReadonlyMap<Value, Value>;
  /** Older values stay. */
  readonly first: number;
};

/** The same values by new nodes, made in the old ones' order. */
function recomputed(
  values: readonly (Value | null)[],
  { replaced, first }: Replacement,
): (Value | null)[] {
  const nodes = new Set<Node>();
  const pending = values.filter((value) => value !== null);
  while (pending.length > 0) {
    const { id, source } = pending.pop()!;
    if (source.kind !== "node" || id < first || nodes.has(source.node)) continue;
    nodes.add(source.node);
    for (const input of source.node.inputs) {
      if (input !== null && !replaced.has(input)) pending.push(input);
    }
  }
  const now = new Map(replaced);
  const nowOf = (value: Value): Value => now.get(value) ?? value;
  for (const node of [...nodes].sort((a, b) => a.outputs[0]!.id - b.outputs[0]!.id)) {
    const inputs = node.inputs.map((input) => (input === null ? null : nowOf(input)));
    if (inputs.every((input, i) => input === node.inputs[i])) continue;
    const { graph } = node.outputs[0]!;
    const made = graph.node(node.op, inputs, node.outputs, node.attributes, node.domain);
    for (const [i, output] of node.outputs.entries()) now.set(output, made[i]!);
  }
  return values.map((value) => {
    if (value === null) return null;
    const again = nowOf(value);
    // Equal to the old one, so differentiated as it.
    if (again !== value) value.graph.record([value], [again], [(g) => g]);
    return again;
  });
}

/** Hands the gradients of activations on when those of parameters are made, and this block's activations gone. */
function inOrder(wanted: readonly Value[], gradients: readonly (Value | null)[]): (Value | null)[] {
  const ofState = (i: number): boolean => wanted[i]!.source.kind === "state";
  const last = gradients.filter((one, i) => one !== null && ofState(i)) as Value[];
  if (last.length === 0) return [...gradients];
  return gradients.map((one, i) => {
    if (one === null || ofState(i)) return one;
    const handed = after(last, one);
    one.graph.record([one], [handed], [(g) => g]);
    return handed;
  });
}

/**
 * `value`, known no sooner than all of `earlier`: without that ONNX Runtime would merge a block's second
 * computation with its first, or do it right away. value - 0 is value to the bit, -0 and NaN included.
 */
function after(earlier: readonly Value[], value: Value): Value {
  const firsts = earlier.map((one) => {
    return slice(reshapeNode(one, [sizeOf(one.shape)]), { axis: 0, end: 1 });
  });
  const number = reshapeNode(sum(concat(firsts, { axis: 0 })), []);
  // Nothing is greater than itself, nor is NaN.
  const zero = cast(greater(number, number), value.dtype);
  return emit("Sub", [value, zero], value.shape, value.dtype);
}
