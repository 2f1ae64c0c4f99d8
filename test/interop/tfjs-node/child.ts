/** @file A process that finds tfjs-node: runs every case and a training on it and sends what came out. */
import type { Tensor } from "../../../src/engine/index.ts";
import { Evaluator, Random, Trainer, createExecutor } from "../../../src/engine/index.ts";
import { OP_CASES } from "../../engine/op-cases.ts";
import { textFeeds, textProgram, textState } from "../../engine/toy-text.ts";
import { feedsOf, specOf, withGradients } from "../../support/cases.ts";

export type NodeMessage =
  | { readonly kind: "case"; readonly name: string; readonly outputs: Record<string, Tensor> }
  | { readonly kind: "trained"; readonly detail: string; readonly losses: readonly number[] };

export const STEPS = 6;

/** Losses of a small transformer. */
export async function losses(
  executor: "cpu" | "tfjs",
): Promise<{ detail: string; losses: number[] }> {
  const options = executor === "tfjs" ? ({ tfjsBackend: "node" } as const) : { threads: 1 };
  const trainer = await Trainer.create({
    executor: createExecutor(executor, options),
    state: textState(),
    build: textProgram,
  });
  const seen: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const out = await trainer.step("only", textFeeds(step), { learningRate: 1e-2 });
    seen.push(Number(out["loss"]!.data[0]));
  }
  const { detail } = trainer.device;
  await trainer.close();
  return { detail, losses: seen };
}

if (process.send !== undefined && import.meta.filename === process.argv[1]) {
  const send = (message: NodeMessage): void => void process.send!(message);
  const cases = new Map(OP_CASES.map((one) => [one.name, one]));
  const evaluator = await Evaluator.create({
    executor: createExecutor("tfjs", { tfjsBackend: "node" }),
    state: new Map(),
    build: (name) => withGradients(cases.get(name)!),
  });
  for (const [name, { inputs }] of cases) {
    const feeds = feedsOf(inputs.map(specOf), Random.from(0, "gradcheck"));
    send({ kind: "case", name, outputs: await evaluator.run(name, feeds) });
  }
  await evaluator.close();
  send({ kind: "trained", ...(await losses("tfjs")) });
  process.disconnect();
}
