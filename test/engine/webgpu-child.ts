/** @file A process that finds SwiftShader: runs every case and a training on WebGPU and sends what came out. */
import * as fc from "fast-check";
import type { ExecutorOptions, Tensor } from "../../src/engine/index.ts";
import { Evaluator, Random, Trainer, createExecutor } from "../../src/engine/index.ts";
import { planOf } from "../../src/engine/onnx/plan.ts";
import { feedsOf, specOf, withGradients } from "../support/cases.ts";
import { OP_CASES } from "./op-cases.ts";
import type { Sketch } from "./random-graph.ts";
import { feedsOf as randomFeeds, graphOf, sketches } from "./random-graph.ts";
import { textFeeds, textProgram, textState } from "./toy-text.ts";

export const STEPS = 6;

/** The process' argument, as JSON. */
export type ChildTask = { readonly names: readonly string[]; readonly randomGraphs: number };

export type Trained = {
  readonly device: string;
  readonly losses: readonly number[];
  /** What of the library computed the nodes of one step. */
  readonly providers: readonly string[];
  /** As typed arrays, by name. */
  readonly state: ReadonlyMap<string, ArrayLike<number>>;
};

export type ChildMessage =
  | { readonly kind: "case"; readonly name: string; readonly outputs: Record<string, Tensor> }
  | { readonly kind: "refused"; readonly name: string; readonly error: string }
  | { readonly kind: "random"; readonly sketch: Sketch; readonly outputs: Record<string, Tensor> }
  | { readonly kind: "trained"; readonly result: Trained };

type Send = (message: ChildMessage) => void;

export async function trainText(executor: "cpu" | "webgpu", options: ExecutorOptions) {
  const state = textState();
  const build = textProgram;
  const trainer = await Trainer.create({
    executor: createExecutor(executor, options),
    state,
    build,
  });
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const out = await trainer.step("only", textFeeds(step), { learningRate: 1e-2 });
    losses.push(Number(out["loss"]!.data[0]));
  }
  const { nodes } = await trainer.profile("only", textFeeds(0), { runs: 1 });
  const providers = [...new Set(nodes.map(({ provider }) => provider))];
  const final = await trainer.state();
  await trainer.close();
  const plain = new Map([...final].map(([name, { data }]) => [name, data as Float32Array]));
  return { device: trainer.device.name, losses, providers, state: plain } satisfies Trained;
}

/** Every case on a device that must compute all of it; what it refuses, on one that may not. */
async function runCases({ names }: ChildTask, send: Send): Promise<void> {
  const cases = new Map(OP_CASES.map((one) => [one.name, one]));
  const open = (strict: boolean): Promise<Evaluator> =>
    Evaluator.create({
      executor: createExecutor("webgpu", { strict }),
      state: new Map(),
      build: (name) => withGradients(cases.get(name)!),
    });
  const [strict, lenient] = [await open(true), await open(false)];
  for (const name of names) {
    const { inputs } = cases.get(name)!;
    const feeds = feedsOf(inputs.map(specOf), Random.from(0, "gradcheck"));
    try {
      send({ kind: "case", name, outputs: await strict.run(name, feeds) });
    } catch (error) {
      send({ kind: "refused", name, error: (error as Error).message });
      send({ kind: "case", name, outputs: await lenient.run(name, feeds) });
    }
  }
  await strict.close();
  await lenient.close();
}

async function runRandomGraphs({ randomGraphs }: ChildTask, send: Send): Promise<void> {
  const device = await createExecutor("webgpu", { strict: true }).open();
  for (const sketch of fc.sample(sketches, { numRuns: randomGraphs, seed: 5 })) {
    const plan = planOf(graphOf(sketch));
    await device.compile("it", { plan, updates: new Map(), guards: [] });
    const [result] = await device.run("it", [randomFeeds(sketch, plan)]);
    await device.release("it");
    send({ kind: "random", sketch, outputs: result!.outputs });
  }
  await device.close();
}

if (process.send !== undefined && import.meta.filename === process.argv[1]) {
  const send: Send = (message) => void process.send!(message);
  const task = JSON.parse(process.argv[2]!) as ChildTask;
  await runCases(task, send);
  await runRandomGraphs(task, send);
  send({ kind: "trained", result: await trainText("webgpu", { strict: true }) });
  process.disconnect();
}
