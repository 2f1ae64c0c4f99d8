/** @file A device's near side: sends work to a thread of its own. */
import { Worker } from "node:worker_threads";
import { folded } from "../onnx/fold.ts";
import { peakBytes } from "../onnx/memory.ts";
import { forOpenvino } from "../onnx/openvino.ts";
import type { Plan } from "../onnx/plan.ts";
import { forWebgpu } from "../onnx/webgpu.ts";
import { writePlan } from "../onnx/write.ts";
import type { State } from "../tensor.ts";
import { cannotStart } from "./cannot-start.ts";
import { flatPlan } from "./flat.ts";
import type { LoopModel } from "./loop.ts";
import { loopModel, stacked, unstacked } from "./loop.ts";
import type { Answer, AnswerMessage, CompiledModel, Request, RequestMessage } from "./messages.ts";
import type { WorkerOptions } from "./messages.ts";
import type {
  Compilation,
  Device,
  DeviceName,
  Inventory,
  NodeTimes,
  RunResult,
  Tensors,
} from "./types.ts";

export type WorkerDeviceOptions = WorkerOptions & {
  /** Run several steps as one ONNX `Loop`, so that the state crosses to the device once for all. */
  readonly loops: boolean;
};

type Pending = {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
};

export class WorkerDevice implements Device {
  readonly name: DeviceName;
  readonly #loops: boolean;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #compilations = new Map<string, Compilation>();
  /** By id and number of steps. */
  readonly #loopModels = new Map<string, Map<number, LoopModel>>();
  #detail = "";
  #number = 0;
  /** Why the worker is gone. */
  #ended: Error | null = null;

  private constructor({ loops, ...options }: WorkerDeviceOptions) {
    this.name = options.device;
    this.#loops = loops;
    const file = import.meta.filename.endsWith(".ts") ? "./worker.ts" : "./worker.js";
    this.#worker = new Worker(new URL(file, import.meta.url), {
      workerData: options,
      execArgv: [],
    });
    this.#worker.on("message", (message: AnswerMessage) => this.#settle(message));
    this.#worker.on("error", (error) =>
      this.#end(new Error(`engine worker failed: ${error.message}`, { cause: error })),
    );
    this.#worker.on("exit", (code) =>
      this.#end(new Error(`engine worker has ended (code ${code})`)),
    );
    this.#worker.unref(); // an idle device keeps no process alive
  }

  static async open(options: WorkerDeviceOptions): Promise<WorkerDevice> {
    const device = new WorkerDevice(options);
    try {
      device.#detail = (await device.#ask({ kind: "open" })) as string;
      return device;
    } catch (error) {
      await device.#stop();
      throw cannotStart(options.device, error as Error);
    }
  }

  get detail(): string {
    return this.#detail;
  }

  async load(state: State): Promise<void> {
    await this.#ask({ kind: "load", state });
  }

  async state(names?: readonly string[]): Promise<State> {
    return (await this.#ask({ kind: "state", names: names ?? null })) as State;
  }

  async compile(id: string, compilation: Compilation): Promise<void> {
    await this.#send(id, this.#compiled(compilation));
    if (this.#loops) this.#compilations.set(id, compilation);
  }

  async run(id: string, feeds: readonly Tensors[]): Promise<RunResult[]> {
    const compilation = this.#compilations.get(id);
    if (compilation !== undefined && compilation.updates.size > 0 && feeds.length > 1) {
      return this.#runLoop(id, compilation, feeds);
    }
    return (await this.#ask({ kind: "run", id, feeds })) as RunResult[];
  }

  async release(id: string): Promise<void> {
    for (const steps of this.#loopModels.get(id)?.keys() ?? []) {
      await this.#ask({ kind: "release", id: loopId(id, steps) });
    }
    this.#loopModels.delete(id);
    this.#compilations.delete(id);
    await this.#ask({ kind: "release", id });
  }

  async profile(compilation: Compilation, feeds: Tensors, runs: number): Promise<NodeTimes> {
    const request = { compiled: this.#compiled(compilation), feeds, runs };
    const times = (await this.#ask({ kind: "profile", ...request })) as NodeTimes;
    return { ...times, device: `${this.name} (${this.detail})` };
  }

  async inventory(): Promise<Inventory> {
    return (await this.#ask({ kind: "inventory" })) as Inventory;
  }

  async close(): Promise<void> {
    if (this.#ended !== null) return;
    await this.#ask({ kind: "close" });
    await this.#stop();
  }

  async #stop(): Promise<void> {
    this.#end(new Error("the executor is closed"));
    await this.#worker.terminate();
  }

  async #send(id: string, compiled: CompiledModel): Promise<void> {
    await this.#ask({ kind: "compile", id, compiled });
  }

  #compiled({ plan, updates, guards }: Compilation): CompiledModel {
    return {
      program: this.#programOf(plan),
      peakBytes: peakBytes(plan),
      inputs: plan.inputs.map((v) => v.name),
      states: plan.states.map((v) => v.name),
      outputs: new Map(
        [...plan.outputs].map(([name, { shape, dtype }]) => [name, { shape, dtype }] as const),
      ),
      updates,
      guards,
    };
  }

  #programOf(plan: Plan): CompiledModel["program"] {
    if (this.name === "tfjs") return flatPlan(plan);
    const own = folded(plan);
    if (this.name === "webgpu") return writePlan(forWebgpu(own));
    return writePlan(this.name === "openvino" ? forOpenvino(own) : own);
  }

  async #runLoop(
    id: string,
    compilation: Compilation,
    feeds: readonly Tensors[],
  ): Promise<RunResult[]> {
    const known = this.#loopModels.get(id) ?? new Map<number, LoopModel>();
    this.#loopModels.set(id, known);
    const own = known.get(feeds.length) ?? loopModel(compilation, feeds.length);
    if (!known.has(feeds.length)) {
      await this.#send(loopId(id, feeds.length), own.compiled);
      known.set(feeds.length, own);
    }
    const request = { id: loopId(id, feeds.length), feeds: [stacked(feeds)] };
    const [result] = (await this.#ask({ kind: "run", ...request })) as RunResult[];
    return unstacked(result!.outputs, compilation.guards);
  }

  #ask(request: Request): Promise<Answer> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const number = this.#number++;
    if (this.#pending.size === 0) this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
      this.#worker.postMessage({ number, request } satisfies RequestMessage);
    });
  }

  #settle({ number, answer, error }: AnswerMessage): void {
    const pending = this.#pending.get(number);
    this.#pending.delete(number);
    if (this.#pending.size === 0) this.#worker.unref();
    if (error === undefined) pending?.resolve(answer ?? null);
    else pending?.reject(Object.assign(new Error(error.message), { stack: error.stack }));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}

function loopId(id: string, steps: number): string {
  return `${id} x ${steps}`;
}
