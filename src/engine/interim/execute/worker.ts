/** @file The thread in which ONNX Runtime works. State stays here and is swapped, never copied. */
import { parentPort, workerData } from "node:worker_threads";
import * as ort from "onnxruntime-node";
import type { Feeds, Results } from "./executor.ts";
import type { Request, Response, SentProgram } from "./worker-host.ts";
import type { Tensor } from "../tensor.ts";

type Prepared = {
  readonly session: ort.InferenceSession;
  readonly source: SentProgram;
  /** Inputs the model kept after dead nodes were dropped. */
  readonly inputs: ReadonlySet<string>;
};

const { threads } = workerData as { threads: number };
const port = parentPort!;
const prepared: Prepared[] = [];
let state = new Map<string, ort.Tensor>();
/** Where the next value of a piece of state is written; the old one takes its place. */
let spare = new Map<string, ort.Tensor>();

const toOrt = ({ dtype, data, shape }: Tensor): ort.Tensor =>
  new ort.Tensor(
    dtype,
    (data instanceof Float64Array ? Float32Array.from(data) : data) as never,
    shape,
  );

const fromOrt = ({ type, data, dims }: ort.Tensor): Tensor => ({
  dtype: type as Tensor["dtype"],
  shape: [...dims],
  data: data as Float32Array,
});

async function prepare(source: SentProgram): Promise<number> {
  const session = await ort.InferenceSession.create(source.model, {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    enableMemPattern: true,
    extra: { session: { "intra_op.allow_spinning": "0" } },
  });
  return prepared.push({ session, source, inputs: new Set(session.inputNames) }) - 1;
}

async function runOnce({ session, source, inputs }: Prepared, feeds: Feeds): Promise<Results> {
  const given: Record<string, ort.Tensor> = {};
  for (const [name, value] of Object.entries(feeds))
    if (inputs.has(name)) given[name] = toOrt(value);
  for (const name of source.parameters) {
    const value = state.get(name);
    if (value === undefined) throw new Error(`parameter "${name}" is missing from the state`);
    given[name] = value;
  }
  const missing = [...inputs].filter((name) => !(name in given));
  if (missing.length > 0) throw new Error(`inputs were not fed: ${missing.join(", ")}`);
  const fetches: Record<string, ort.Tensor | null> = {};
  for (const name of source.outputs) fetches[name] = null;
  for (const [name, output] of source.updates) {
    let target = spare.get(name);
    if (target === undefined) {
      const { type, data, dims } = state.get(name)!;
      target = new ort.Tensor(type as "float32", new Float32Array(data.length), dims);
    }
    fetches[output] = target;
  }
  const results = await session.run(given, fetches);
  for (const [name, output] of source.updates) {
    spare.set(name, state.get(name)!);
    state.set(name, results[output]!);
  }
  return Object.fromEntries(source.outputs.map((name) => [name, fromOrt(results[name]!)]));
}

async function answer(request: Request): Promise<unknown> {
  switch (request.kind) {
    case "prepare":
      return prepare(request.program);
    case "run": {
      const results: Results[] = [];
      for (const feeds of request.feeds) {
        results.push(await runOnce(prepared[request.program]!, feeds));
      }
      return results;
    }
    case "setState":
      // Parameters are copied: a run writes over what the state held before.
      state = new Map([...request.state].map(([name, value]) => [name, toOrt(value)]));
      spare = new Map();
      return undefined;
    case "addState":
      for (const [name, value] of request.state) state.set(name, toOrt(value));
      return undefined;
    case "state":
      return new Map([...state].map(([name, value]) => [name, fromOrt(value)]));
  }
}

/** One request at a time, in the order they came. */
let last: Promise<void> = Promise.resolve();
port.on("message", (request: Request) => {
  last = last.then(async () => {
    let response: Response;
    try {
      response = { id: request.id, result: await answer(request) };
    } catch (error) {
      response = { id: request.id, error: (error as Error).message };
    }
    port.postMessage(response);
  });
});
