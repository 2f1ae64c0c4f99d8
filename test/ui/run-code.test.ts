/** @file Runs in an address: short, and the same runs when read. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRuns, encodeRuns } from "../../src/ui/run-code.ts";

test("what is written is read again, in order and without repetition", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 ** 40 }), { maxLength: 60 }), (serials) => {
      const sorted = [...new Set(serials)].sort((a, b) => a - b);
      expect(decodeRuns(encodeRuns(serials))).toEqual(sorted);
    }),
  );
});

test("neighbours cost nothing, and a thousand scattered runs fit an address", () => {
  expect(encodeRuns(Array.from({ length: 100_000 }, (_, i) => i + 1))).toMatch(/^~.{1,8}$/);
  const scattered = Array.from({ length: 1_000 }, (_, i) => 1 + ((i * 7_919) % 100_000));
  expect(encodeRuns(scattered).length).toBeLessThan(2_800);
  expect(encodeRuns([1, 2, 3])).toMatch(/^~[\w-]+$/);
});

test.each([
  ["1,2,3", 'runs: expected run ids with commas between, or the code of an address, got "1,2,3"'],
  ["~!", 'runs: expected run ids with commas between, or the code of an address, got "~!"'],
  ["~gA", 'runs: expected run ids with commas between, or the code of an address, got "~gA"'],
])("%s is refused", (code, message) => {
  expect(() => decodeRuns(code)).toThrow(new RangeError(message));
});

test("no short code makes a long list", () => {
  expect(() => decodeRuns(encodeRuns([1, 2, 3, 4]), 3)).toThrow(/^runs: expected run ids/);
});
