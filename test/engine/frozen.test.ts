import { beforeAll, describe, expect, test } from "vitest";
import type { State, Tensor } from "../../src/engine/index.ts";
import {
  Evaluator,
  Graph,
  Random,
  createExecutor,
  decodeFloat16,
  gradients,
  halfLinear,
  linear,
  mul,
  quantize,
  quantizedLinear,
  sum,
  tensor,
} from "../../src/engine/index.ts";

const random = Random.from(0, "frozen");
const drawn = (...shape: number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
    shape,
  );
const ROWS = 6;
const x = drawn(2, 3, 8);
const weight = drawn(5, 8);
const bias = drawn(5);
const half = tensor(weight.data, [5, 8], "float16");
const rounded = tensor(Float32Array.from(half.data as Uint16Array, decodeFloat16), [5, 8]);
const state: State = new Map([
  ["w", half],
  ["wide", rounded],
  ["b", bias],
]);

type Build = (graph: Graph) => Graph;

async function run(
  device: "cpu" | "reference" | "tfjs",
  build: Build,
): Promise<Record<string, number[]>> {
  const evaluator = await Evaluator.create({
    executor: createExecutor(device, { threads: 1, tfjsBackend: "cpu" }),
    state,
    build: () => build(new Graph()),
  });
  try {
    const out = await evaluator.run("one", { x });
    return Object.fromEntries(
      Object.entries(out).map(([k, { data }]) => [k, Array.from(data, Number)]),
    );
  } finally {
    await evaluator.close();
  }
}

/** The layer, and the gradient of a weighted sum of what it gives. */
function halved(compute: "float32" | "float16"): Build {
  return (graph) => {
    const input = graph.input("x", x.shape);
    const w = graph.state("w", [5, 8], "float16");
    const y = halfLinear(input, w, graph.parameter("b", [5]), { compute });
    graph.output("y", y);
    graph.output("dx", gradients(sum(mul(y, y)), [input])[0]!);
    return graph;
  };
}

const plain: Build = (graph) => {
  const input = graph.input("x", x.shape);
  const y = linear(input, graph.parameter("wide", [5, 8]), graph.parameter("b", [5]));
  graph.output("y", y);
  graph.output("dx", gradients(sum(mul(y, y)), [input])[0]!);
  return graph;
};

describe("weights of 16 bits", () => {
  let expected: Record<string, number[]>;
  beforeAll(async () => {
    expected = await run("reference", plain);
  });

  test.each(["cpu", "reference", "tfjs"] as const)(
    "are their rounded values on %s",
    async (device) => {
      const got = await run(device, halved("float32"));
      expect(got["y"]).toBeAllclose(expected["y"]!, { atol: 1e-5 });
      expect(got["dx"]).toBeAllclose(expected["dx"]!, { atol: 1e-5 });
    },
  );

  test.each(["cpu", "reference"] as const)("multiply in 16 bits on %s", async (device) => {
    const got = await run(device, halved("float16"));
    expect(got["y"]).toBeAllclose(expected["y"]!, { atol: 2e-2, rtol: 2e-3 });
    expect(got["dx"]).toBeAllclose(expected["dx"]!, { atol: 5e-2, rtol: 5e-3 });
    // ONNX Runtime has no such product for this CPU: it takes the casts out and computes in 32 bits.
    const isHalf = got["y"]!.some((y, i) => y !== expected["y"]![i]);
    if (device === "reference") expect(isHalf).toBe(true);
  });

  test("come back from a device as they went in", async () => {
    for (const name of ["cpu", "reference"] as const) {
      const device = await createExecutor(name, { threads: 1 }).open();
      await device.load(new Map([["w", half]]));
      const back = (await device.state()).get("w")!;
      expect({ ...back, data: Array.from(back.data, Number) }, name).toEqual({
        ...half,
        data: Array.from(half.data, Number),
      });
      await device.close();
    }
  });
});

describe("weights of 8 bits", () => {
  const quantized = quantize(weight);
  const integers: Build = (graph) => {
    const input = graph.input("x", x.shape);
    graph.output("y", quantizedLinear(input, quantized, graph.parameter("b", [5])));
    return graph;
  };

  test("are within half a step of what they stand for, each output by its own", () => {
    const { values, scales } = quantized;
    for (let o = 0; o < 5; o++) {
      const row = (weight.data as Float32Array).subarray(o * 8, o * 8 + 8);
      const step = scales.data[o] as number;
      expect(step).toBeCloseTo(Math.max(...row.map(Math.abs)) / 127, 6);
      for (let i = 0; i < 8; i++) {
        expect(Math.abs((values.data[i * 5 + o] as number) * step - row[i]!)).toBeLessThan(
          0.501 * step,
        );
      }
    }
    const zero = quantize(tensor(new Float32Array(4), [2, 2]));
    expect([...(zero.scales.data as Float32Array)]).toEqual([1, 1]);
  });

  test("give the same on the CPU and by the reference, near the exact product", async () => {
    const cpu = await run("cpu", integers);
    const exact = (await run("reference", integers))["y"]!;
    expect(cpu["y"]).toBeAllclose(exact, { atol: 1e-5 });
    const floats = await run("cpu", (graph) => {
      const wide = graph.constant(weight);
      graph.output("y", linear(graph.input("x", x.shape), wide, graph.parameter("b", [5])));
      return graph;
    });
    expect(cpu["y"]).toBeAllclose(floats["y"]!, { atol: 0.1, rtol: 0 });
    expect(cpu["y"]).toHaveLength(ROWS * 5);
  });

  test("don't train, and tfjs has none", async () => {
    const graph = new Graph();
    const input = graph.input("x", x.shape);
    const y = quantizedLinear(mul(input, graph.parameter("b", [1])), quantized);
    expect(() => gradients(sum(y), graph.parameters())).toThrow(
      "quantizedLinear: has no gradient; keep what trains in float32 or float16",
    );
    await expect(run("tfjs", integers)).rejects.toThrow("the tfjs executor has no QuantizeLinear");
  });
});

test("what does not fit is named", () => {
  const graph = new Graph();
  const input = graph.input("x", [2, 7]);
  const w = graph.state("w", [5, 8], "float16");
  expect(() => halfLinear(input, w, undefined, { compute: "float16" })).toThrow(
    "halfLinear: input [2,7] does not fit weight [5,8] [out, in]",
  );
  expect(() => halfLinear(input, graph.parameter("f", [5, 7]))).toThrow(
    "halfLinear: wants float16, got float32 [5,7]",
  );
  expect(() => quantizedLinear(input, quantize(weight))).toThrow(
    "quantizedLinear: input [2,7] does not fit weight [8,5] [in, out]",
  );
  expect(() => graph.state("w", [5, 8])).toThrow(
    "parameter w is float16 [5,8], asked for again as [5,8]",
  );
});
