import { expect, test } from "vitest";
import type { Program, Tensor } from "../../src/engine/index.ts";
import {
  Graph,
  Trainer,
  add,
  createExecutor,
  forwardProgram,
  mul,
  sum,
  tensor,
  trainProgram,
} from "../../src/engine/index.ts";

const RATE = { learningRate: 1e-2 };

type Settings = { readonly weightDecay?: number; readonly clipNorm?: number };

/** sum(x p) for each named parameter, so that the gradient of each is x. */
function program(names: readonly string[], { weightDecay = 0, clipNorm }: Settings = {}): Program {
  const graph = new Graph();
  const x = graph.input("x", [2]);
  const parameters = names.map((name) => graph.parameter(name, [2]));
  const loss = parameters.map((p) => sum(mul(p, x))).reduce((a, b) => add(a, b));
  const groups = [{ parameters, weightDecay }];
  return trainProgram({ graph, loss, groups, ...(clipNorm !== undefined && { clipNorm }) });
}

const x = (a: number, b: number) => ({ x: tensor([a, b], [2]) });

const plain = (value: Tensor | undefined): number[] => Array.from(value!.data as Float64Array);

async function opened(buckets: Readonly<Record<string, () => Program>>): Promise<Trainer> {
  return Trainer.create({
    executor: createExecutor("reference"),
    state: new Map(["p", "q"].map((name) => [name, tensor([1, 2], [2])])),
    build: (bucket) => buckets[bucket]!(),
  });
}

test("runs of different parameters are one update, shared ones summed, none left from before", async () => {
  const one = await opened({
    p: () => program(["p"]),
    both: () => program(["p", "q"]),
    look: () => {
      const graph = new Graph();
      return forwardProgram(graph, { twice: mul(graph.parameter("p", [2]), 2) });
    },
  });
  for (const update of [1, 2]) {
    const before = await one.state();
    const { result, gradNorm } = await one.sum(
      async (run) => {
        const { twice } = await run("look", {});
        await run("p", x(1, 0));
        await run("both", x(0, 3));
        await run("both", x(2, 0));
        return twice;
      },
      { ...RATE, share: 0.5 },
    );
    expect(plain(result)).toEqual(plain(before.get("p")).map((v) => 2 * v));
    // p: [3, 3] / 2, q: [2, 3] / 2
    expect(Number(gradNorm.data[0])).toBeCloseTo(Math.sqrt(9 + 9 + 4 + 9) / 2, 12);
    expect(one.updates).toBe(update);
  }
  await one.close();
});

test("what fails within changes nothing and leaves nothing behind", async () => {
  const one = await opened({ p: () => program(["p"]) });
  const before = await one.state();
  const failing = one.sum(async (run) => {
    await run("p", x(5, 5));
    throw new Error("no more data");
  }, RATE);
  await expect(failing).rejects.toThrow("no more data");
  expect(one.updates).toBe(0);
  expect(plain((await one.state()).get("p"))).toEqual(plain(before.get("p")));
  const { gradNorm } = await one.sum((run) => run("p", x(3, 4)), RATE);
  expect(Number(gradNorm.data[0])).toBeCloseTo(5, 12);
  await one.close();
});

test("runs that cannot be one update are refused", async () => {
  const one = await opened({
    p: () => program(["p"]),
    decayed: () => program(["p"], { weightDecay: 0.1 }),
    clipped: () => program(["q"], { clipNorm: 1 }),
    look: () => {
      const graph = new Graph();
      return forwardProgram(graph, { twice: mul(graph.parameter("p", [2]), 2) });
    },
  });
  const all = (...buckets: string[]) =>
    one.sum(async (run) => {
      for (const bucket of buckets) await run(bucket, bucket === "look" ? {} : x(1, 1));
    }, RATE);
  await expect(all("look")).rejects.toThrow("Trainer.sum: no run trains a parameter");
  await expect(all("p", "decayed")).rejects.toThrow(
    "Trainer.sum: parameter p has two weight decays or learning rate scales",
  );
  await expect(all("p", "clipped")).rejects.toThrow(
    "Trainer.sum: the runs' programs must agree in clipNorm, betas, epsilon and loss scaling",
  );
  await one.close();
});
