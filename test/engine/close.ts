/** @file Outputs of an executor in f32 against the reference's, as far as a chain of operations allows. */
import { expect } from "vitest";
import type { Tensors } from "../../src/engine/executor/types.ts";

export function expectClose(found: Tensors, exact: Tensors): void {
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(exact).toSorted());
  for (const [output, { data }] of Object.entries(exact)) {
    const expected = data as Float64Array;
    const size = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
    const tolerance = { rtol: 1e-3, atol: 1e-4 * size };
    expect(found[output]!.data as Float32Array, output).toBeAllclose(expected, tolerance);
  }
}
