/**
 * @file Several steps as one ONNX `Loop`, for devices whose state is copied in and out of each run:
 * the copies are then made once for all steps.
 */
import type { Value } from "../graph.ts";
import { folded } from "../onnx/fold.ts";
import { peakBytes } from "../onnx/memory.ts";
import { Message } from "../onnx/protobuf.ts";
import { modelBytes, nodeMessage, onnxNode, tensorMessage, valueInfo } from "../onnx/write.ts";
import type { Tensor, TensorData } from "../tensor.ts";
import { sizeOf, tensor } from "../tensor.ts";
import type { CompiledModel } from "./messages.ts";
import { failedGuard } from "./guards.ts";
import type { Compilation, RunResult, Tensors } from "./types.ts";

/** What to send to the worker; its feeds are `stacked`, its outputs to be `unstacked`. */
export type LoopModel = { readonly compiled: CompiledModel };

/** Names inside the body, which must not be names of the graph around it. */
const carried = (state: string): string => `carried/${state}`;
const fed = (input: string): string => `fed/${input}`;
const ITERATION = "loop/iteration";
const GOING = "loop/going";
const FINITE = "loop/finite";
const STEPS = "loop/steps";

/**
 * The model of `steps` steps. A step with a guard that is not finite ends the loop and leaves the
 * state as it was before that step.
 */
export function loopModel({ plan, updates, guards }: Compilation, steps: number): LoopModel {
  const own = folded(plan);
  const targets = new Set(updates.values());
  const results = [...own.outputs.keys()].filter((name) => !updates.has(name));
  const states = [...own.states, ...missing(own.states, own.outputs, updates)];
  const body = new Message();
  const nameOf = (value: Value | null): string => {
    if (value === null) return "";
    if (value.source.kind === "input") return fed(value.name);
    return targets.has(value.name) && value.source.kind === "state"
      ? carried(value.name)
      : value.name;
  };
  for (const { name } of own.inputs) {
    body.message(1, gather(name));
  }
  for (const node of own.nodes) body.message(1, onnxNode(node, nameOf));
  for (const message of finite(guards.map((name) => nameOf(own.outputs.get(name)!)))) {
    body.message(1, message);
  }
  for (const [output, target] of updates) {
    const next = nameOf(own.outputs.get(output)!);
    body.message(1, nodeMessage("Where", [FINITE, next, carried(target)], [`body/${output}`]));
  }
  for (const name of results) {
    body.message(1, nodeMessage("Identity", [nameOf(own.outputs.get(name)!)], [`body/${name}`]));
  }
  body.string(2, "step");
  for (const { name, source } of own.constants) {
    if (source.kind === "constant") body.message(5, tensorMessage(name, source.tensor));
  }
  body.message(5, tensorMessage("loop/zero", tensor([0], [])));
  body.message(5, tensorMessage("loop/scalar", tensor(new BigInt64Array(0), [0])));
  body.message(11, valueInfo(ITERATION, { shape: [], dtype: "int64" }));
  body.message(11, valueInfo(GOING, { shape: [], dtype: "bool" }));
  for (const [output, target] of updates) {
    body.message(11, valueInfo(carried(target), own.outputs.get(output)!));
  }
  body.message(12, valueInfo(FINITE, { shape: [], dtype: "bool" }));
  for (const output of [...updates.keys(), ...results]) {
    body.message(12, valueInfo(`body/${output}`, own.outputs.get(output)!));
  }

  const outer = new Message();
  const loop = nodeMessage(
    "Loop",
    [STEPS, "", ...updates.values()],
    [...updates.keys(), ...results],
  );
  outer.message(1, loop.message(5, new Message().string(1, "body").message(6, body).int(20, 5)));
  outer.string(2, "rzenlab");
  outer.message(5, tensorMessage(STEPS, tensor([BigInt(steps)], [])));
  for (const { name, shape, dtype } of own.inputs) {
    outer.message(11, valueInfo(name, { shape: [steps, ...shape], dtype }));
  }
  for (const value of states) outer.message(11, valueInfo(value.name, value));
  for (const name of updates.keys()) outer.message(12, valueInfo(name, own.outputs.get(name)!));
  for (const name of results) {
    const { shape, dtype } = own.outputs.get(name)!;
    outer.message(12, valueInfo(name, { shape: ["steps", ...shape], dtype }));
  }
  return {
    compiled: {
      program: modelBytes(outer, own.nodes),
      peakBytes: peakBytes(plan),
      inputs: own.inputs.map((value) => value.name),
      states: states.map((value) => value.name),
      outputs: new Map(
        [...updates.keys(), ...results].map((name) => {
          const { shape, dtype } = own.outputs.get(name)!;
          return [name, { shape: updates.has(name) ? shape : [steps, ...shape], dtype }] as const;
        }),
      ),
      updates,
      guards: [], // seen to inside
    },
  };
}

/** The feeds of several steps, one array each with the steps in front. */
export function stacked(feeds: readonly Tensors[]): Tensors {
  return Object.fromEntries(
    Object.entries(feeds[0]!).map(([name, { dtype, shape }]) => {
      const parts = feeds.map((one) => one[name]!.data as Float32Array);
      const size = sizeOf(shape);
      const data = new (parts[0]!.constructor as Float32ArrayConstructor)(size * parts.length);
      for (const [i, part] of parts.entries()) data.set(part, i * size);
      return [name, { dtype, shape: [parts.length, ...shape], data }];
    }),
  );
}

/** The steps' results; the last one may have failed. */
export function unstacked(
  outputs: Readonly<Record<string, Tensor>>,
  guards: readonly string[],
): RunResult[] {
  const count = Object.values(outputs)[0]!.shape[0]!;
  return Array.from({ length: count }, (_, step) => {
    const own = Object.fromEntries(
      Object.entries(outputs).map(([name, { dtype, shape, data }]) => {
        const size = sizeOf(shape) / count;
        const part: TensorData = data.slice(step * size, (step + 1) * size);
        return [name, { dtype, shape: shape.slice(1), data: part }];
      }),
    );
    return { outputs: own, failed: failedGuard(guards, own) };
  });
}

// --- internal ---

/** One step's feed out of all. */
function gather(input: string): Message {
  const node = nodeMessage("Gather", [input, ITERATION], [fed(input)]);
  return node.message(5, new Message().string(1, "axis").int(3, 0).int(20, 2));
}

/** FINITE = every guard, times 0, is 0. */
function finite(guards: readonly string[]): Message[] {
  const nodes: Message[] = [];
  let all = GOING;
  for (const [i, guard] of guards.entries()) {
    const at = (what: string): string => `loop/${what}/${i}`;
    nodes.push(
      nodeMessage("Reshape", [guard, "loop/scalar"], [at("number")]),
      nodeMessage("Mul", [at("number"), "loop/zero"], [at("zeroed")]),
      nodeMessage("Equal", [at("zeroed"), "loop/zero"], [at("finite")]),
      nodeMessage("And", [all, at("finite")], [at("all")]),
    );
    all = at("all");
  }
  nodes.push(nodeMessage("Identity", [all], [FINITE]));
  return nodes;
}

/** Updated states that the step itself does not read. */
function missing(
  read: readonly Value[],
  outputs: ReadonlyMap<string, Value>,
  updates: ReadonlyMap<string, string>,
): { name: string; shape: readonly number[]; dtype: "float32" }[] {
  const known = new Set(read.map((value) => value.name));
  return [...updates]
    .filter(([, target]) => !known.has(target))
    .map(([output, name]) => ({ name, shape: outputs.get(output)!.shape, dtype: "float32" }));
}
