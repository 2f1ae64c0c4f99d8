import { describe, expect, test } from "vitest";
import { Graph, l2Normalize, linear, tanh } from "../../src/engine/index.ts";
import type { Value } from "../../src/engine/index.ts";
import type { CachedLossOptions, VariantName } from "../../src/loss/index.ts";
import {
  cachedLoss,
  infoNce,
  initialTheta,
  surrogate,
  temperature,
  thetaName,
  VARIANTS,
} from "../../src/loss/index.ts";
import type { Rows } from "./support.ts";
import { once, randomRows, withGradients } from "./support.ts";

const group = "image-qa";
const batch = 12;
const width = 5;
const dim = 4;
const inputs = { query: randomRows(batch, width, 1), target: randomRows(batch, width, 2) };
inputs.target[7] = [...inputs.target[2]!];
const weights: [string, Rows][] = [
  ["w", randomRows(dim, width, 3)],
  ["v", randomRows(dim, width, 4)],
];
const state = new Map([
  ...weights.map(
    ([name, rows]) =>
      [
        name,
        { dtype: "float32" as const, shape: [dim, width], data: Float64Array.from(rows.flat()) },
      ] as const,
  ),
  ...initialTheta({ group, init: 0.1 }),
]);

const encode = (graph: Graph, x: Value, name: string): Value =>
  l2Normalize(tanh(linear(x, graph.parameter(name, [dim, width]))));

function knobs(
  name: VariantName,
): Pick<CachedLossOptions, "batch" | "dim"> & Omit<(typeof VARIANTS)[VariantName], "temperature"> {
  const { temperature: _, ...rest } = VARIANTS[name];
  return { ...rest, batch, dim };
}

async function direct(name: VariantName): Promise<Record<string, number[]>> {
  const graph = new Graph();
  const { batch: _, dim: __, ...options } = knobs(name);
  const query = encode(graph, graph.input("query", [batch, width]), "w");
  const target = encode(graph, graph.input("target", [batch, width]), "v");
  const { loss } = infoNce({
    ...options,
    query,
    target,
    temperature: temperature(graph, { group }),
  });
  withGradients(graph, loss, graph.parameters());
  return once(graph, inputs, { state });
}

/** The three steps of GradCache with chunks of the sizes given, the last one uneven if need be. */
async function chunked(
  name: VariantName,
  sizes: readonly number[],
  lossBatch = batch,
): Promise<Record<string, number[]>> {
  const embedded: Record<string, Rows> = { query: [], target: [] };
  const sides = [
    ["query", "w"],
    ["target", "v"],
  ] as const;
  for (const [side, parameter] of sides) {
    for (const rows of chunksOf(inputs[side], sizes)) {
      const graph = new Graph();
      graph.output("y", encode(graph, graph.input("x", [rows.length, width]), parameter));
      const { y } = await once(graph, { x: rows }, { state });
      embedded[side]!.push(...rows.map((_, i) => y!.slice(i * dim, (i + 1) * dim)));
    }
  }
  const { graph } = cachedLoss({
    ...knobs(name),
    batch: lossBatch,
    temperature: (g) => temperature(g, { group }),
  });
  const cache = await once(
    graph,
    { query: embedded["query"]!, target: embedded["target"]! },
    { state },
  );
  const total: Record<string, number[]> = {
    loss: cache["loss"]!,
    [`d/${thetaName(group)}`]: cache[`gradient/${thetaName(group)}`]!,
  };
  for (const [side, parameter] of sides) {
    const gradient = inputs[side].map((_, i) =>
      cache[`gradient/${side}`]!.slice(i * dim, (i + 1) * dim),
    );
    const gradientChunks = chunksOf(gradient, sizes);
    for (const [c, rows] of chunksOf(inputs[side], sizes).entries()) {
      const chunk = new Graph();
      const y = encode(chunk, chunk.input("x", [rows.length, width]), parameter);
      withGradients(chunk, surrogate(y, chunk.input("g", [rows.length, dim])), chunk.parameters());
      const out = await once(chunk, { x: rows, g: gradientChunks[c]! }, { state });
      const key = `d/${parameter}`;
      total[key] = out[key]!.map((g, i) => g + (total[key]?.[i] ?? 0));
    }
  }
  return total;
}

function chunksOf(rows: Rows, sizes: readonly number[]): Rows[] {
  let start = 0;
  return sizes.map((size) => rows.slice(start, (start += size)));
}

describe.each(Object.keys(VARIANTS) as VariantName[])("GradCache of %s", (name) => {
  test.each([
    ["one chunk", [12]],
    ["chunks of three", [3, 3, 3, 3]],
    ["an uneven last chunk", [5, 5, 2]],
  ])("%s gives the direct loss and gradient, theta's once", async (_, sizes) => {
    const [whole, parts] = [await direct(name), await chunked(name, sizes)];
    expect(Object.keys(parts).sort()).toEqual(Object.keys(whole).sort());
    for (const key of Object.keys(whole)) {
      expect(parts[key], key).toBeAllclose(whole[key]!, { rtol: 1e-9, atol: 1e-11 });
    }
  });
});

test("control: gradients of losses over chunks, added up, are not those of the batch", async () => {
  const whole = await direct("infonce");
  const half = async (from: number): Promise<number[]> => {
    const graph = new Graph();
    const query = encode(graph, graph.input("query", [6, width]), "w");
    const target = encode(graph, graph.input("target", [6, width]), "v");
    const { loss } = infoNce({ query, target, temperature: temperature(graph, { group }) });
    withGradients(graph, loss, graph.parameters());
    const rows = {
      query: inputs.query.slice(from, from + 6),
      target: inputs.target.slice(from, from + 6),
    };
    return (await once(graph, rows, { state }))["d/w"]!;
  };
  const [a, b] = [await half(0), await half(6)];
  const accumulated = a.map((g, i) => (g + b[i]!) / 2);
  const gap = Math.max(...accumulated.map((g, i) => Math.abs(g - whole["d/w"]![i]!)));
  expect(gap).toBeGreaterThan(1e-3);
});

test("mined negatives get a gradient of their own", async () => {
  const { graph } = cachedLoss({ batch: 3, dim: 2, temperature: 0.1, hardNegatives: 2 });
  const out = await once(graph, {
    query: randomRows(3, 2, 1),
    target: randomRows(3, 2, 2),
    hardNegatives: randomRows(2, 2, 3),
  });
  expect(Object.keys(out).sort()).toEqual([
    "gradient/hardNegatives",
    "gradient/query",
    "gradient/target",
    "loss",
  ]);
  expect(out["gradient/hardNegatives"]!.some((g) => g !== 0)).toBe(true);
});
