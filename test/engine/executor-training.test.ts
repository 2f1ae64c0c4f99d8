import { afterEach, describe, expect, test } from "vitest";
import type { Program, State, TrainerOptions } from "../../src/engine/index.ts";
import {
  Graph,
  NonFiniteError,
  Trainer,
  add,
  createExecutor,
  log,
  sum,
  tensor,
  trainProgram,
} from "../../src/engine/index.ts";
import { DEVICES } from "./devices.ts";
import { numberOf, toPlain, toyFeeds, toyProgram, toyState } from "./toy.ts";

const RATE = { learningRate: 3e-3 };
const opened: Trainer[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** log(p + x), where p + x can be driven below zero. */
function fragile(): Program {
  const graph = new Graph();
  const p = graph.parameter("p", [2]);
  const logs = log(add(p, graph.input("x", [2])));
  return trainProgram({ graph, loss: sum(logs), groups: [{ parameters: [p] }] });
}
const fragileState = (): State => new Map([["p", tensor([1, 2], [2])]]);
const shift = (x: number) => ({ x: tensor([x, x], [2]) });

for (const { name, executor, options } of DEVICES) {
  const open = async (what: Partial<TrainerOptions> = {}): Promise<Trainer> => {
    const one = await Trainer.create({
      executor: createExecutor(executor, options),
      state: toyState(),
      build: (bucket) => toyProgram(bucket, { clipNorm: 0.5 }),
      ...what,
    });
    opened.push(one);
    return one;
  };
  const reference = (what: Partial<TrainerOptions> = {}) =>
    open({ executor: createExecutor("reference"), ...what });

  describe(name, () => {
    test("follows the reference through two runs of four steps, moments too", async () => {
      const [one, exact] = [await open(), await reference()];
      for (const run of [0, 1]) {
        const feeds = [0, 1, 2, 3].map((step) => toyFeeds(8, 4 * run + step));
        const [found, expected] = [
          await one.steps("8", feeds, RATE),
          await exact.steps("8", feeds, RATE),
        ];
        expect(found).toHaveLength(4);
        for (const [i, outputs] of found.entries()) {
          expect(outputs["loss"]!.shape).toEqual(expected[i]!["loss"]!.shape);
          expect(numberOf(outputs["loss"])).toBeCloseTo(numberOf(expected[i]!["loss"]), 4);
          expect(numberOf(outputs["gradNorm"])).toBeCloseTo(numberOf(expected[i]!["gradNorm"]), 3);
        }
      }
      const [found, expected] = [toPlain(await one.state()), toPlain(await exact.state())];
      expect(Object.keys(found).toSorted()).toEqual(Object.keys(expected).toSorted());
      for (const [tensorName, values] of Object.entries(expected)) {
        expect(found[tensorName]!, tensorName).toBeAllclose(values, { rtol: 1e-3, atol: 1e-5 });
      }
    });

    test("goes on from a loaded state, and gives a copy of its own", async () => {
      const one = await open();
      await one.steps("8", [toyFeeds(8, 0), toyFeeds(8, 1)], RATE);
      const saved = await one.state();
      const before = toPlain(saved);
      const straight = await one.step("8", toyFeeds(8, 2), RATE);
      expect(toPlain(saved)).toEqual(before);
      await one.load(saved);
      const again = await one.step("8", toyFeeds(8, 2), RATE);
      expect(numberOf(again["loss"])).toBeCloseTo(numberOf(straight["loss"]), 5);
    });

    test("accumulates gradients as the reference does", async () => {
      const batches = [0, 1, 2].map((seed) => ({ bucket: "8", feeds: toyFeeds(8, seed) }));
      const [one, exact] = [await open(), await reference()];
      for (const trainer of [one, exact]) await trainer.accumulate(batches, RATE);
      const [found, expected] = [toPlain(await one.state()), toPlain(await exact.state())];
      for (const [tensorName, values] of Object.entries(expected)) {
        expect(found[tensorName]!, tensorName).toBeAllclose(values, { rtol: 1e-3, atol: 1e-5 });
      }
    });

    test("a step that is not finite stops there, and leaves what the steps before it made", async () => {
      const what = { state: fragileState(), build: fragile };
      const [one, exact] = [await open(what), await reference(what)];
      const feeds = [shift(0), shift(1), shift(-1.5), shift(0)];
      for (const trainer of [one, exact]) {
        const error: unknown = await trainer.steps("only", feeds, RATE).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(NonFiniteError);
        expect(String(error)).toMatch(
          /step 3 \(bucket only\): loss is NaN; first at Log\(%\d+ \[2\]\) -> %\d+ \[2\]/,
        );
        expect(trainer.updates).toBe(2);
      }
      const [found, expected] = [toPlain(await one.state()), toPlain(await exact.state())];
      expect(found["p"]!).toBeAllclose(expected["p"]!, { rtol: 1e-5 });
      await one.step("only", shift(1), RATE); // and it goes on
      expect(one.updates).toBe(3);
    });
  });
}
