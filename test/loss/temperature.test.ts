import { describe, expect, test } from "vitest";
import { Graph } from "../../src/engine/index.ts";
import { initialTheta, temperature, thetaName } from "../../src/loss/index.ts";
import { once, withGradients } from "./support.ts";

const group = "video-qa";

async function at(theta: number): Promise<{ t: number; slope: number }> {
  const graph = new Graph();
  const t = temperature(graph, { group, init: 0.05, min: 0.01, max: 1 });
  withGradients(graph, t, graph.parameters());
  const state = new Map([
    [thetaName(group), { dtype: "float32" as const, shape: [], data: Float64Array.of(theta) }],
  ]);
  const out = await once(graph, {}, { state });
  return { t: out["loss"]![0]!, slope: out[`d/${thetaName(group)}`]![0]! };
}

describe("temperature", () => {
  test("is exp of a parameter named after its group", async () => {
    expect(thetaName(group)).toBe("loss.theta/video-qa");
    const { t, slope } = await at(Math.log(0.07));
    expect(t).toBeCloseTo(0.07, 9);
    expect(slope).toBeCloseTo(0.07, 9);
  });

  test("is clamped from both sides, where its gradient is 0", async () => {
    for (const [theta, t] of [
      [Math.log(0.001), 0.01],
      [Math.log(20), 1],
    ] as const) {
      const got = await at(theta);
      expect(got.t).toBeCloseTo(t, 6);
      expect(got.slope).toBe(0);
    }
  });

  test("starts where it is told to", () => {
    const state = initialTheta({ group, init: 0.02 });
    expect([...state.keys()]).toEqual(["loss.theta/video-qa"]);
    expect(state.get(thetaName(group))!.data[0]).toBeCloseTo(Math.log(0.02), 6);
  });

  test("two groups are two parameters, one group asked for twice is one", () => {
    const graph = new Graph();
    temperature(graph, { group: "a" });
    temperature(graph, { group: "a" });
    temperature(graph, { group: "b" });
    expect(graph.parameters().map((p) => p.name)).toEqual(["loss.theta/a", "loss.theta/b"]);
  });

  test("refuses bounds that exclude the start", () => {
    expect(() => initialTheta({ group, init: 2 })).toThrow(
      "temperature video-qa: needs 0 < min <= init <= max, got min 0.01, init 2, max 1",
    );
    expect(() => temperature(new Graph(), { group, min: 0 })).toThrow(
      "got min 0, init 0.05, max 1",
    );
  });
});
