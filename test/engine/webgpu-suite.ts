/** @file WebGPU without a GPU: what npm test and the interop tests run, more or fewer cases of it. */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Tensor } from "../../src/engine/index.ts";
import { Random, interpret } from "../../src/engine/index.ts";
import { planOf } from "../../src/engine/onnx/plan.ts";
import type { CheckedCase } from "../support/cases.ts";
import { feedsOf, specOf, withGradients } from "../support/cases.ts";
import { hasSwiftShader, unpackSwiftShader } from "../support/swiftshader.ts";
import { expectClose } from "./close.ts";
import { graphOf, feedsOf as randomFeeds } from "./random-graph.ts";
import type { ChildMessage, Trained } from "./webgpu-child.ts";
import { STEPS, trainText } from "./webgpu-child.ts";

/** Milliseconds. SwiftShader took 17 s for all cases on a shared machine, 270 s on one with 15 jobs for 2 cores. */
const PATIENCE = 1_200_000;

/** Cases with nodes that the provider can't compute: 64-bit integers. */
const ON_THE_CPU = ["dropout"];

/**
 * The tests of some cases, of random graphs, and of a training, all run in one process.
 *
 * @param cases by name; they must hold "dropout"
 */
export function testWebgpu(cases: readonly CheckedCase[], randomGraphs: number): void {
  describe.skipIf(!hasSwiftShader)("WebGPU, on SwiftShader", () => {
    const outputs = new Map<string, Record<string, Tensor>>();
    const refused = new Map<string, string>();
    const random: (ChildMessage & { readonly kind: "random" })[] = [];
    let trained: Trained | null = null;
    let folder: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "rzenlab-swiftshader-"));
      const child = fork(
        join(import.meta.dirname, "webgpu-child.ts"),
        [JSON.stringify({ names: cases.map(({ name }) => name), randomGraphs })],
        {
          env: { ...process.env, ...unpackSwiftShader(folder) },
          serialization: "advanced",
          stdio: ["ignore", "ignore", "pipe", "ipc"],
          execArgv: [],
        },
      );
      let errors = "";
      child.stderr!.on("data", (chunk) => (errors += String(chunk)));
      child.on("message", (message: ChildMessage) => {
        if (message.kind === "case") outputs.set(message.name, message.outputs);
        else if (message.kind === "random") random.push(message);
        else if (message.kind === "refused") refused.set(message.name, message.error);
        else trained = message.result;
      });
      const code = await new Promise((resolve) => child.once("close", resolve));
      if (trained === null)
        throw new Error(`the WebGPU process ended with ${String(code)}:\n${errors}`);
    }, PATIENCE);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test.each(cases.map((one) => [one.name, one] as const))(
      "%s gives what the reference gives, forward and backward",
      (name, one) => {
        const feeds = feedsOf(one.inputs.map(specOf), Random.from(0, "gradcheck"));
        const expected = interpret(planOf(withGradients(one)), feeds, new Map());
        const found = outputs.get(name)!;
        expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted());
        for (const [output, { data }] of Object.entries(expected)) {
          expect(plain(found[output]!.data), output).toBeAllclose(plain(data), {
            rtol: 1e-4,
            atol: 1e-5,
          });
        }
      },
    );

    test("random graphs give what the reference gives, forward and backward", () => {
      expect(random).toHaveLength(randomGraphs);
      for (const { sketch, outputs: found } of random) {
        const plan = planOf(graphOf(sketch));
        expectClose(found, interpret(plan, randomFeeds(sketch, plan), new Map()));
      }
    });

    test("computes every node itself, but for those it is known to lack", () => {
      expect([...refused.keys()]).toEqual(ON_THE_CPU);
      expect(refused.get("dropout")).toMatch(/nodes that are assigned to the default CPU EP/);
    });

    test("trains a transformer, no node on the CPU, to the numbers of the cpu", async () => {
      const cpu = await trainText("cpu", { threads: 1 });
      expect(trained!.device).toBe("webgpu");
      expect(trained!.providers).toEqual(["WebGpuExecutionProvider"]);
      expect(trained!.losses).toHaveLength(STEPS);
      expect(trained!.losses).toBeAllclose(cpu.losses, { rtol: 1e-3, atol: 1e-4 });
      expect([...trained!.state.keys()]).toEqual([...cpu.state.keys()]);
      for (const [name, values] of cpu.state) {
        // Adam divides by the gradient's own size, so that the smallest gradients' rounding shows.
        expect(trained!.state.get(name)!, name).toBeAllclose(values, { rtol: 1e-2, atol: 2e-3 });
      }
    });
  });
}

function plain(data: Tensor["data"]): number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}
