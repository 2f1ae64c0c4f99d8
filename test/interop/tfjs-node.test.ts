/**
 * @file Every operation and a training on tfjs-node's native addon. Only where asked for, since it fetches
 * and unpacks a TensorFlow of 600 MB: RZENLAB_TFJS_NODE=1 npm run test:interop -- tfjs-node
 */
import { fork } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { Tensor } from "../../src/engine/index.ts";
import { Random, interpret } from "../../src/engine/index.ts";
import { planOf } from "../../src/engine/onnx/plan.ts";
import { OP_CASES } from "../engine/op-cases.ts";
import { feedsOf, specOf, withGradients } from "../support/cases.ts";
import type { NodeMessage } from "./tfjs-node/child.ts";
import { STEPS, losses } from "./tfjs-node/child.ts";
import { installedTfjsNode } from "./tfjs-node/install.ts";

describe.skipIf(process.env["RZENLAB_TFJS_NODE"] === undefined)("tfjs-node", () => {
  const outputs = new Map<string, Record<string, Tensor>>();
  let trained: (NodeMessage & { readonly kind: "trained" }) | null = null;

  beforeAll(async () => {
    const hook = pathToFileURL(join(import.meta.dirname, "tfjs-node/hook.ts")).href;
    const child = fork(join(import.meta.dirname, "tfjs-node/child.ts"), {
      env: {
        ...process.env,
        TFJS_NODE_FOLDER: installedTfjsNode(),
        NODE_OPTIONS: `--import ${hook}`, // for the engine's workers too
      },
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: [],
    });
    let errors = "";
    child.stderr!.on("data", (chunk) => (errors += String(chunk)));
    child.on("message", (message: NodeMessage) => {
      if (message.kind === "case") outputs.set(message.name, message.outputs);
      else trained = message;
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    if (trained === null) throw new Error(`the process ended with ${String(code)}:\n${errors}`);
  }, 1_200_000);

  test.each(OP_CASES.map((one) => [one.name, one] as const))(
    "%s gives what the reference gives, forward and backward",
    (name, one) => {
      const feeds = feedsOf(one.inputs.map(specOf), Random.from(0, "gradcheck"));
      const expected = interpret(planOf(withGradients(one)), feeds, new Map());
      const found = outputs.get(name)!;
      expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted());
      for (const [output, { data }] of Object.entries(expected)) {
        const close = { rtol: 1e-4, atol: 1e-5 };
        expect(plain(found[output]!.data), output).toBeAllclose(plain(data), close);
      }
    },
  );

  test("trains a transformer to the losses of the cpu", async () => {
    expect(trained!.detail).toBe("@tensorflow/tfjs-node 4.22.0");
    expect(trained!.losses).toHaveLength(STEPS);
    const cpu = await losses("cpu");
    expect(trained!.losses).toBeAllclose(cpu.losses, { rtol: 1e-3, atol: 1e-4 });
  });
});

function plain(data: Tensor["data"]): number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}
