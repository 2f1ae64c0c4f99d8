import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { Graph, createExecutor, dropout, gelu, interpret, tensor } from "../../src/engine/index.ts";
import { forOpenvino } from "../../src/engine/onnx/openvino.ts";
import { planOf } from "../../src/engine/onnx/plan.ts";

afterEach(() => vi.unstubAllEnvs());

test("without its library it says so in one line, and how to get it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-no-openvino-"));
  vi.stubEnv("RZENLAB_OPENVINO", folder);
  const error = await createExecutor("openvino")
    .open()
    .catch((reason: unknown) => reason as Error);
  rmSync(folder, { recursive: true });
  expect((error as Error).message).toBe(
    `device openvino cannot start: no libopenvino_c in ${folder}; it needs its package, by pip: npm run setup:openvino, or RZENLAB_OPENVINO set to the folder of its libraries`,
  );
});

test("it has no Loops", () => {
  expect(() => createExecutor("openvino", { loops: true })).toThrow(
    "createExecutor: loops must be false on openvino, which compiles none",
  );
});

test("arithmetic on 64-bit integers is refused", () => {
  const graph = new Graph();
  const seed = graph.input("seed", [], "int64");
  graph.output("y", dropout(graph.input("x", [4]), { rate: 0.5, seed }));
  expect(() => forOpenvino(planOf(graph))).toThrow(
    /^device openvino computes 64-bit integers in 32 bits, so \w+ of int64 would be wrong; a graph with dropout needs another device, such as cpu$/,
  );
});

test("what stands for a sigmoid of one element computes the same", () => {
  const graph = new Graph();
  graph.output("y", gelu(graph.input("x", [1]), { approximate: "tanh" }));
  const plan = planOf(graph);
  const own = forOpenvino(plan);
  expect(plan.nodes.map(({ op }) => op)).toContain("Sigmoid");
  expect(own.nodes.map(({ op }) => op)).not.toContain("Sigmoid");
  const feeds = { x: tensor(Float64Array.of(0.7), [1]) };
  const [found, expected] = [own, plan].map(
    (one) => interpret(one, feeds, new Map())["y"]!.data[0],
  );
  expect(found).toBeCloseTo(Number(expected), 12);
});
