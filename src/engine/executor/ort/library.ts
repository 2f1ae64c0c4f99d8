/** @file ONNX Runtime's libraries and what each wants to be told. */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { writeOnnx } from "../../onnx/write.ts";
import { Graph } from "../../graph.ts";
import { emit } from "../../ops/emit.ts";
import type { WorkerOptions } from "../messages.ts";
import type { DeviceName } from "../types.ts";

export type OrtDevice = Exclude<DeviceName, "tfjs" | "openvino">;
export type OrtOptions = WorkerOptions & { readonly device: OrtDevice };

type Runtime = {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: typeof Tensor;
  readonly env: { readonly versions: { readonly node?: string; readonly web?: string } };
};

export type OrtLibrary = {
  readonly runtime: Runtime;
  readonly detail: string;
  /** Whether it is onnxruntime-web. */
  readonly web: boolean;
  readonly options: InferenceSession.SessionOptions;
  /** Whether a run writes results into tensors that it is given for them. */
  readonly reusesOutputs: boolean;
  /** Where the next state stays. */
  readonly stateAt: "cpu" | "gpu-buffer";
};

/** Loads the library of a device and runs one node on it, since a provider may be there and not start. */
export async function openLibrary(options: OrtOptions): Promise<OrtLibrary> {
  const web = options.device === "wasm";
  const name = web ? "onnxruntime-web" : "onnxruntime-node";
  const runtime = web ? await webRuntime(options.threads) : await nodeRuntime();
  const library: OrtLibrary = {
    runtime,
    detail: `${name} ${web ? runtime.env.versions.web : runtime.env.versions.node}`,
    web,
    options: sessionOptions(options),
    reusesOutputs: options.device === "cpu" || options.device === "cuda",
    stateAt: options.device === "webgpu" ? "gpu-buffer" : "cpu",
  };
  await probe(library);
  return library;
}

async function nodeRuntime(): Promise<Runtime> {
  const { default: runtime } = await import("onnxruntime-node");
  runtime.env.logLevel = "fatal"; // a provider that cannot start is told of once, by us
  return runtime;
}

async function webRuntime(threads: number): Promise<Runtime> {
  const runtime = await import("onnxruntime-web");
  runtime.env.wasm.numThreads = threads;
  return runtime;
}

function sessionOptions({ device, threads, strict }: OrtOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: "all",
    enableMemPattern: false, // one block for all activations: half as much again, and no faster
    logSeverityLevel: 3,
    extra: {
      session: {
        // Spinning threads would take the cores from decoding and from the main thread.
        intra_op: { allow_spinning: "0" },
        // Moments of rows that no batch names decay into denormals, which are slow to compute with.
        set_denormal_as_zero: "1",
        ...(strict && { disable_cpu_ep_fallback: "1" }),
      },
    },
  };
}

async function probe({ runtime, options }: OrtLibrary): Promise<void> {
  const graph = new Graph();
  const x = graph.input("x", [1]);
  graph.output("y", emit("Add", [x, x], [1], "float32"));
  const session = await runtime.InferenceSession.create(writeOnnx(graph), options);
  const { y } = await session.run({ x: new runtime.Tensor("float32", Float32Array.of(21), [1]) });
  const found = (y!.data as Float32Array)[0];
  await session.release();
  if (found !== 42) throw new Error(`21 + 21 gave ${found}`);
}
