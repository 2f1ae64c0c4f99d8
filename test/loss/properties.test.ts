/** @file What must hold for any batch, over random ones. */
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Graph } from "../../src/engine/index.ts";
import type { VariantName } from "../../src/loss/index.ts";
import { infoNce, VARIANTS } from "../../src/loss/index.ts";
import type { Rows, Runner } from "./support.ts";
import { randomRows, runner } from "./support.ts";

const batch = 7;
const dim = 4;
const names = Object.keys(VARIANTS) as VariantName[];

/** Random unit rows; about a third of the targets repeat an earlier one. */
const batches = fc.integer({ min: 0, max: 1e6 }).map((seed) => {
  const target = randomRows(batch, dim, seed);
  for (let i = 1; i < batch; i++) if ((seed >> i) % 3 === 0) target[i] = [...target[i >> 1]!];
  return { query: randomRows(batch, dim, seed + 1), target };
});

const runners = new Map<string, Runner>();

async function compile(key: string, options: (typeof VARIANTS)[VariantName]): Promise<void> {
  const graph = new Graph();
  const query = graph.input("query", [batch, dim]);
  const target = graph.input("target", [batch, dim]);
  const { temperature: _, ...knobs } = options;
  const result = infoNce({ ...knobs, query, target, temperature: 0.25 });
  for (const [name, value] of Object.entries(result)) graph.output(name, value);
  runners.set(key, await runner(graph));
}

beforeAll(async () => {
  for (const name of names) await compile(name, VARIANTS[name]);
  await compile("mask only", { delta: 0.95 });
  await compile("weights only", { alpha: 9 });
});
afterAll(() => Promise.all([...runners.values()].map((r) => r.close())));

async function evaluate(
  name: string,
  feeds: { query: Rows; target: Rows },
): Promise<Record<string, number[]>> {
  return runners.get(name)!.run(feeds);
}

describe.each(names)("%s", (name) => {
  test("is never negative, and its statistics are shares and weights", async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (feeds) => {
        const out = await evaluate(name, feeds);
        expect(out["loss"]![0]).toBeGreaterThanOrEqual(0);
        expect(out["maskRate"]![0]).toBeGreaterThanOrEqual(0);
        expect(out["maskRate"]![0]).toBeLessThanOrEqual(1);
        expect(out["maxWeight"]![0]).toBeGreaterThanOrEqual(out["meanWeight"]![0]! * (1 - 1e-9));
      }),
      { numRuns: 30 },
    );
  });

  test("doesn't depend on the order of the pairs", async () => {
    await fc.assert(
      fc.asyncProperty(batches, async ({ query, target }) => {
        const there = await evaluate(name, { query, target });
        const back = await evaluate(name, {
          query: query.toReversed(),
          target: target.toReversed(),
        });
        expect(back["perQuery"]).toBeAllclose(there["perQuery"]!.toReversed(), {
          rtol: 1e-9,
          atol: 1e-12,
        });
      }),
      { numRuns: 20 },
    );
  });

  test("doesn't depend on a common rotation", async () => {
    // A quarter turn in two planes: exact in floating point.
    const turned = (rows: Rows): Rows => rows.map(([a, b, c, d]) => [-b!, a!, d!, -c!]);
    await fc.assert(
      fc.asyncProperty(batches, async ({ query, target }) => {
        const there = await evaluate(name, { query, target });
        const rotated = await evaluate(name, { query: turned(query), target: turned(target) });
        expect(rotated["loss"]).toBeAllclose(there["loss"]!, { rtol: 1e-9, atol: 1e-12 });
      }),
      { numRuns: 20 },
    );
  });
});

test("a mask never raises the loss of a query", async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (feeds) => {
      for (const [masked, plain] of [
        ["mask only", "infonce"],
        ["rzenembed", "weights only"],
      ] as const) {
        const [less, more] = [await evaluate(masked, feeds), await evaluate(plain, feeds)];
        for (const [i, loss] of less["perQuery"]!.entries()) {
          expect(loss).toBeLessThanOrEqual(more["perQuery"]![i]! + 1e-12);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test("whether the weight is differentiated doesn't change the loss", async () => {
  await fc.assert(
    fc.asyncProperty(batches, async (feeds) => {
      const [a, b] = [
        await evaluate("rzenembed", feeds),
        await evaluate("rzenembed-literal", feeds),
      ];
      expect(a).toEqual(b);
    }),
    { numRuns: 20 },
  );
});
