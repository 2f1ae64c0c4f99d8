import { expect, test } from "vitest";
import { columns, duration, progressPrinter } from "../../src/cli/output.ts";
import { oneOf, wholeNumber } from "../../src/cli/usage.ts";

function fakeStream(isTTY: boolean): { stream: NodeJS.WriteStream; written: string[] } {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) > 0 };
  return { stream: stream as unknown as NodeJS.WriteStream, written };
}

test("durations read as a person would say them", () => {
  expect([0, 12.4, 185, 3_720].map(duration)).toEqual(["0 s", "12 s", "3 min 05 s", "1 h 02 min"]);
});

test("columns line up and leave no trailing blanks", () => {
  expect(
    columns([
      ["a", "long"],
      ["bbb", "c"],
    ]),
  ).toBe("a    long\nbbb  c");
});

test("off a terminal a stage prints its first, its five-second and its last state", () => {
  let time = 0;
  const { stream, written } = fakeStream(false);
  const print = progressPrinter(stream, () => time);
  for (time = 0; time <= 10_000; time += 1_000) {
    print({ stage: "encode", done: time / 1_000, total: 10 });
  }
  expect(written.map((line) => line.split(" ")[1])).toEqual(["0/10", "5/10", "10/10"]);
  expect(written[1]).toContain("50 % (1.0/s, 5 s left)");
});

test("on a terminal one line is redrawn, at most ten times a second", () => {
  let time = 0;
  const { stream, written } = fakeStream(true);
  const print = progressPrinter(stream, () => time);
  for (time = 0; time < 1_000; time += 10) print({ stage: "encode", done: time, total: 5_000 });
  expect(written).toHaveLength(10);
  expect(written.every((text) => text.startsWith("\r\x1b[K"))).toBe(true);
});

test("a wrong number names the option, the bound and the value", () => {
  expect(() => wholeNumber("seeds", "2.5")).toThrow(
    '--seeds: expected a whole number >= 1, got "2.5"',
  );
  expect(wholeNumber("jobs", "2")).toBe(2);
});

test("a wrong choice lists the right ones", () => {
  expect(() => oneOf("merge", "mean", ["delta", "factors"])).toThrow(
    '--merge: expected one of delta, factors, got "mean"',
  );
});
