/** @file The worker thread: ONNX Runtime sessions over one state. */
import { parentPort, workerData } from "node:worker_threads";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { DType, Tensor } from "../tensor.ts";
import type {
  Answer,
  AnswerMessage,
  CompiledModel,
  Request,
  RequestMessage,
  WorkerOptions,
} from "./messages.ts";
import type { RunResult, Tensors } from "./types.ts";

type Model = Omit<CompiledModel, "model"> & {
  readonly session: InferenceSession;
  /** What it counts for in the arena budget. */
  readonly arenaBytes: number;
};

/** A state tensor. Runs write the next value to `spare`, then the two change places. */
type Slot = { current: OrtTensor; spare: OrtTensor | null };

const { threads } = workerData as WorkerOptions;
const slots = new Map<string, Slot>();
const models = new Map<string, Model>();

/**
 * Bytes that sessions may keep for their activations between runs. A session with an arena of its own
 * never gives memory back, and saves about a tenth of a step's time; past this budget, later
 * sessions allocate anew at each run. (The binding passes no arena-shrinkage option on.)
 */
const ARENA_BUDGET = 2 ** 30;
let arenaBytes = 0;

async function answer(request: Request): Promise<Answer> {
  switch (request.kind) {
    case "load":
      for (const [name, tensor] of request.state)
        slots.set(name, { current: toOrt(tensor), spare: null });
      return null;
    case "state": {
      const names = request.names ?? [...slots.keys()];
      return new Map(names.map((name) => [name, fromOrt(slot(name).current)]));
    }
    case "compile":
      models.set(request.id, await compile(request.id, request.compiled));
      return null;
    case "run": {
      const results: RunResult[] = [];
      for (const feeds of request.feeds) {
        results.push(await run(request.id, feeds));
        if (results.at(-1)!.failed !== null) break;
      }
      return results;
    }
    case "release":
      await release(request.id);
      return null;
    case "close":
    default:
      for (const { session } of models.values()) await session.release();
      return null;
  }
}

async function compile(id: string, { model, ...rest }: CompiledModel): Promise<Model> {
  const enableCpuMemArena = arenaBytes + rest.peakBytes <= ARENA_BUDGET;
  try {
    const session = await InferenceSession.create(model, {
      executionProviders: ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      enableCpuMemArena,
      enableMemPattern: false, // one block for all activations: half as much again, and no faster
      logSeverityLevel: 3,
      // Spinning threads would take the cores from decoding and from the main thread.
      // Moments of rows that no batch names decay into denormals, which are slow to compute with.
      extra: { session: { intra_op: { allow_spinning: "0" }, set_denormal_as_zero: "1" } },
    });
    if (enableCpuMemArena) arenaBytes += rest.peakBytes;
    return { session, arenaBytes: enableCpuMemArena ? rest.peakBytes : 0, ...rest };
  } catch (error) {
    throw new Error(`compiling ${id}: ${(error as Error).message}`, { cause: error });
  }
}

async function run(id: string, feeds: Tensors): Promise<RunResult> {
  const model = models.get(id);
  if (model === undefined) throw new Error(`internal: nothing was compiled as ${id}`);
  const inputs: Record<string, OrtTensor> = {};
  for (const [name, tensor] of Object.entries(feeds)) inputs[name] = toOrt(tensor);
  for (const name of model.states) inputs[name] = slot(name).current;
  const fetches: Record<string, OrtTensor | null> = {};
  for (const name of model.outputs) {
    const target = model.updates.get(name);
    fetches[name] = target === undefined ? null : spareOf(target);
  }
  const results = await model.session.run(inputs, fetches);
  const outputs: Record<string, Tensor> = {};
  for (const name of model.outputs)
    if (!model.updates.has(name)) outputs[name] = fromOrt(results[name]!);
  const failed = model.guards.find((name) => !allFinite(outputs[name]!)) ?? null;
  if (failed === null) for (const name of model.updates.values()) swap(slot(name));
  return { outputs, failed };
}

async function release(id: string): Promise<void> {
  const model = models.get(id);
  if (model === undefined) return;
  models.delete(id);
  arenaBytes -= model.arenaBytes;
  await model.session.release();
}

function slot(name: string): Slot {
  const found = slots.get(name);
  if (found === undefined) throw new Error(`the state has no ${name}`);
  return found;
}

function spareOf(name: string): OrtTensor {
  const own = slot(name);
  const { dims, size } = own.current;
  own.spare ??= new OrtTensor("float32", new Float32Array(size), dims);
  return own.spare;
}

function swap(own: Slot): void {
  const next = own.spare!;
  own.spare = own.current;
  own.current = next;
}

function allFinite({ data }: Tensor): boolean {
  return (data as Float32Array).every((x) => Number.isFinite(x));
}

function toOrt({ dtype, shape, data }: Tensor): OrtTensor {
  const own = data instanceof Float64Array ? Float32Array.from(data) : data;
  return new OrtTensor(dtype, own as Float32Array, shape);
}

function fromOrt(value: OrtTensor): Tensor {
  return { dtype: value.type as DType, shape: [...value.dims], data: value.data as Float32Array };
}

// One request at a time, in the order they came.
let last: Promise<void> = Promise.resolve();
parentPort!.on("message", ({ number, request }: RequestMessage) => {
  last = last.then(async () => {
    let message: AnswerMessage;
    try {
      message = { number, answer: await answer(request) };
    } catch (error) {
      const { message: text, stack } = error as Error;
      message = { number, error: { message: text, stack } };
    }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
    parentPort!.postMessage(message);
  });
});
