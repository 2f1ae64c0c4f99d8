/** @file Finds the first value of a step that is not finite, to name it in the error. */
import type { Device, Tensors } from "./executor/types.ts";
import type { Value } from "./graph.ts";
import { planOf } from "./onnx/plan.ts";
import { dims, emit, reshapeNode } from "./ops/emit.ts";
import { concat } from "./ops/shape.ts";
import type { Program } from "./program.ts";
import type { Tensor } from "./tensor.ts";
import { showShape } from "./tensor.ts";

/** A step whose loss or gradient norm is NaN or infinite. */
export class NonFiniteError extends Error {
  readonly code = "NON_FINITE";
  /** The update that failed, counted from 1. */
  readonly step: number;

  constructor(step: number, message: string) {
    super(message);
    this.name = "NonFiniteError";
    this.step = step;
  }
}

export type Failure = {
  readonly bucket: string;
  readonly step: number;
  readonly feeds: Tensors;
  /** The output that was not finite. */
  readonly failed: string;
  readonly outputs: Readonly<Record<string, Tensor>>;
};

/** Runs the failed step again, forward and backward only, with a probe on every value. */
export async function nonFiniteError(
  device: Device,
  program: Program,
  failure: Failure,
): Promise<NonFiniteError> {
  const { bucket, step, feeds, failed, outputs } = failure;
  const head = `step ${step} (bucket ${bucket}): ${failed} is ${outputs[failed]?.data[0]}`;
  const fed = firstFed(feeds);
  if (fed !== null) return new NonFiniteError(step, `${head}; input ${fed} is not finite`);
  const first = await firstValue(device, program, feeds);
  const tail =
    first === null ? "no single value is, so the norm itself overflows" : `first at ${first}`;
  return new NonFiniteError(step, `${head}; ${tail}`);
}

// --- internal ---

function firstFed(feeds: Tensors): string | null {
  for (const [name, { dtype, data }] of Object.entries(feeds)) {
    if (dtype === "float32" && !(data as Float32Array).every((x) => Number.isFinite(x)))
      return name;
  }
  return null;
}

async function firstValue(
  device: Device,
  program: Program,
  feeds: Tensors,
): Promise<string | null> {
  const { graph, loss, trained } = program;
  const ends = [...(loss === null ? [] : [loss]), ...trained.map((one) => one.gradient)];
  const plan = planOf(graph, new Map(ends.map((value, i) => [`end${i}`, value])));
  const computed = plan.nodes.flatMap((node) => node.outputs);
  // Masks made of -Infinity are lawful; a value that only holds those is not an offence of its own.
  const probed = [...plan.states, ...computed].filter((value) => value.dtype === "float32");
  const probes = concat(probed.map(probe), { axis: 0 });
  const id = "diagnose";
  await device.compile(id, {
    plan: planOf(graph, new Map([["probes", probes]])),
    updates: new Map(),
    guards: [],
  });
  const live = new Set(planOf(graph, new Map([["probes", probes]])).inputs.map((v) => v.name));
  const used = Object.fromEntries(Object.entries(feeds).filter(([name]) => live.has(name)));
  const [result] = await device.run(id, [used]);
  await device.release(id);
  const found = result!.outputs["probes"]!.data.findIndex((x) => !(Number(x) === 0));
  return found === -1 ? null : describe(program, probed[found]!);
}

/** 0 if every element is finite, else NaN: [1] */
function probe(value: Value): Value {
  const zero = emit("Mul", [value, value.graph.scalar(0)], value.shape, "float32");
  if (value.shape.length === 0) return reshapeNode(zero, [1]);
  const axes = dims(value.graph, [...value.shape.keys()]);
  return reshapeNode(emit("ReduceSum", [zero, axes], [], "float32", { keepdims: { int: 0 } }), [1]);
}

function describe({ trained }: Program, value: Value): string {
  const shape = showShape(value.shape);
  if (value.source.kind !== "node") return `parameter ${value.name} ${shape}`;
  const own = trained.find((one) => one.gradient === value);
  if (own !== undefined) return `the gradient of parameter ${own.parameter.name} ${shape}`;
  const inputs = value.source.node.inputs.map((input) =>
    input === null ? "-" : `${input.name} ${showShape(input.shape)}`,
  );
  return `${value.source.node.op}(${inputs.join(", ")}) -> ${value.name} ${shape}`;
}
