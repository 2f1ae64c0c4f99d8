import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Tensor, Value } from "../../src/engine/index.ts";
import {
  Random,
  createExecutor,
  gather,
  linear,
  logSoftmax,
  mean,
  mul,
  neg,
  square,
  sub,
  sum,
  tensor,
  valueAndGradient,
} from "../../src/engine/index.ts";
import { DEVICES } from "./devices.ts";

/** Squared error of a linear map: gradient 2 / n x^T (x w - y). */
const loss = (w: Value, x: Value, y: Value): Value => mean(square(sub(linear(x, w), y)));

const W = tensor([1, -2, 0.5], [1, 3]);
const X = tensor([1, 2, 3, -1, 0, 2], [2, 3]);
const Y = tensor([0.5, 1], [2, 1]);
// residuals x w - y: -1.5 - 0.5 = -2, and 0 - 1 = -1
const VALUE = (4 + 1) / 2;
const DW = [-2 + 1, -4, -6 - 2];

for (const { name, executor, options } of DEVICES.filter((one) => !one.options.loops)) {
  test(`${name} gives a loss and its gradients`, async () => {
    const step = valueAndGradient(loss, { executor: createExecutor(executor, options) });
    const { value, gradients } = await step(W, X, Y);
    expect(value).toBeCloseTo(VALUE, 5);
    expect(gradients.map((g) => g!.shape)).toEqual([
      [1, 3],
      [2, 3],
      [2, 1],
    ]);
    expect(gradients[0]!.data as Float32Array).toBeAllclose(DW, { rtol: 1e-5 });
    expect(gradients[2]!.data as Float32Array).toBeAllclose([2, 1], { rtol: 1e-5 });
    await step.close();
  });
}

describe("a differentiated function", () => {
  const step = valueAndGradient(
    (table: Value, ids: Value, weight: Value) => {
      const scores = logSoftmax(linear(gather(table, ids), weight));
      return neg(mean(sum(mul(scores, scores), { axes: [1] })));
    },
    { executor: createExecutor("cpu", { threads: 1 }) },
  );
  let table: Tensor;
  let weight: Tensor;
  beforeAll(() => {
    const random = Random.from(1, "differentiate");
    const normal = (shape: readonly number[]): Tensor =>
      tensor(
        Float32Array.from({ length: shape[0]! * shape[1]! }, () => random.normal()),
        shape,
      );
    [table, weight] = [normal([5, 4]), normal([3, 4])];
  });
  afterAll(() => step.close());

  test("takes several shapes, and gives no gradient of integers", async () => {
    for (const ids of [
      [0, 1],
      [4, 4, 2],
    ]) {
      const list = tensor(BigInt64Array.from(ids, BigInt), [ids.length]);
      const { gradients } = await step(table, list, weight);
      expect(gradients[1]).toBeNull();
      const rows = new Set(ids);
      const touched = [0, 1, 2, 3, 4].filter((row) =>
        Array.from(gradients[0]!.data as Float32Array)
          .slice(row * 4, row * 4 + 4)
          .some((x) => x !== 0),
      );
      expect(new Set(touched)).toEqual(rows);
    }
  });

  test("can be called again after it was closed", async () => {
    const ids = tensor([0n], [1]);
    const before = await step(table, ids, weight);
    await step.close();
    expect(await step(table, ids, weight)).toEqual(before);
  });

  test("of more than one number is refused", async () => {
    const wrong = valueAndGradient((x: Value) => square(x), {
      executor: createExecutor("reference"),
    });
    await expect(wrong(W)).rejects.toThrow(
      "gradients: loss must be one float32 number, got float32 [1,3]",
    );
  });
});
