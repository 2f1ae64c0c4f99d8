/** @file The example of docs/engine.md, run as it stands there, in a notebook's cell. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Client } from "../kernel/client.ts";

// Whole trainings, on machines that others load too.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const root = join(import.meta.dirname, "../..");

/** The code block that follows a heading. */
function blockAfter(heading: string): string {
  const text = readFileSync(join(root, "docs/engine.md"), "utf8");
  const from = text.indexOf("```ts\n", text.indexOf(`## ${heading}\n`)) + 6;
  return text.slice(from, text.indexOf("```\n", from));
}

/** Milliseconds for a cell on a machine that others use too. */
const PATIENCE = 150_000;

let client: Client;
beforeAll(async () => {
  client = await Client.start(join(root, "notebooks"));
});
afterAll(() => client[Symbol.asyncDispose]());

test("a loss is written, differentiated and run in ten lines of a cell", async () => {
  const code = blockAfter("A loss in ten lines");
  expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(10);
  const { error, text } = await client.run(code, {}, PATIENCE);
  expect(error).toBeUndefined();
  // At zero weights both classes have probability 1/2: the loss is ln 2, the gradient (1/2 - label)^T x / 3.
  const numbers = text.match(/-?\d+\.\d+/g)!.map(Number);
  expect(numbers).toBeAllclose([Math.LN2, -1 / 3, -5 / 6, 1 / 3, 5 / 6], { rtol: 1e-5 });
});

test("a profiled step shows itself as a flame in a cell", async () => {
  const { error, result } = await client.run(
    `
    import { Graph, Trainer, createExecutor, linear, mean, square, tensor, trainProgram } from "rzenlab/engine";
    const trainer = await Trainer.create({
      executor: createExecutor("cpu", { threads: 1 }),
      state: new Map([["w", tensor(new Float32Array(12).fill(0.1), [3, 4])]]),
      build() {
        const graph = new Graph();
        const loss = mean(square(linear(graph.input("x", [2, 4]), graph.parameter("w", [3, 4]))));
        return trainProgram({ graph, loss, groups: [{ parameters: graph.parameters() }] });
      },
    });
    const profile = await trainer.profile("only", { x: tensor(new Float32Array(8).fill(1), [2, 4]) });
    await trainer.close();
    profile`,
    {},
    PATIENCE,
  );
  expect(error).toBeUndefined();
  const data = result!["data"] as Record<string, unknown>;
  expect(data["text/plain"]).toMatch(/ms a run on cpu .* forward .*, backward .*, update /);
  expect(data["image/svg+xml"]).toContain("<svg");
  const plot = data["application/vnd.plotly.v1+json"] as { data: { type: string }[] };
  expect(plot.data[0]!.type).toBe("icicle");
});

test("a shape error in a cell names the cell's line", async () => {
  const { error } = await client.run(
    [
      'import { Graph, matmul } from "rzenlab/engine";',
      "const graph = new Graph();",
      'const weight = graph.parameter("w", [4, 5]);',
      'matmul(graph.input("x", [2, 3]), weight);',
    ].join("\n"),
    {},
    PATIENCE,
  );
  expect(error!["evalue"]).toMatch(
    /^matmul: \[2,3\] and \[4,5\] do not multiply \(at Cell In\[\d+\]:4:1\)$/,
  );
});
