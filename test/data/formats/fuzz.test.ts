import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { DataError, readTask, writeTask, type BuiltTask } from "../../../src/data/index.ts";
import { joinText, splitText, stripPlaceholder } from "../../../src/data/formats/placeholder.ts";
import type { Task } from "../../../src/data/types.ts";
import { putMedia, smallTask, temporaryFolder } from "../support.ts";

const TASKS: readonly BuiltTask[] = [
  smallTask(),
  smallTask({ name: "pairs", split: "train" }),
  smallTask({ name: "clips", modality: "video" }),
];

/** Reads the task as it was written or fails with a DataError, and in no other way. */
async function readOrDataError(
  root: string,
  { name, split }: BuiltTask,
  good: Task,
): Promise<void> {
  try {
    const read = await readTask(root, name, split);
    expect({ ...read, digest: "" }).toEqual({ ...good, digest: "" });
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toContain(root);
  }
}

test("damaged bytes of a parquet file give the same task or an error that names a file", async () => {
  const root = temporaryFolder();
  putMedia(root);
  const good = new Map<string, Task>();
  for (const task of TASKS) {
    await writeTask(root, task);
    good.set(task.name, await readTask(root, task.name, task.split));
  }
  const change = fc.record({
    task: fc.constantFrom(...TASKS),
    at: fc.double({ min: 0, max: 0.999, noNaN: true }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
    cut: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ task, at, bytes, cut }) => {
      const folder = join(root, `${task.modality}-tasks`, task.name, task.split);
      const path = join(folder, "annotations.parquet");
      const whole = readFileSync(path);
      const offset = Math.floor(at * whole.length);
      const damaged = Buffer.from(cut ? whole.subarray(0, offset) : whole);
      damaged.set(bytes.subarray(0, Math.max(0, damaged.length - offset)), cut ? 0 : offset);
      writeFileSync(path, damaged);
      await readOrDataError(root, task, good.get(task.name)!);
      writeFileSync(path, whole);
    }),
    { numRuns: 150 },
  );
}, 300_000);

test("a text column gives back its text for any instruction and picture", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("<|image_1|>", "<|image_1|> <|image_1|>", " ", "\n"),
  );
  fc.assert(
    fc.property(fc.boolean(), anyText, anyText, (hasImage, instruction, text) => {
      expect(splitText(joinText(hasImage, instruction, text), hasImage, instruction)).toBe(text);
    }),
    { numRuns: 2000 },
  );
});

test("placeholders are taken out wherever they stand", () => {
  expect(stripPlaceholder("<|image_1|>\nFind it.")).toBe("Find it.");
  expect(stripPlaceholder("Compare <|image_1|> with <|image_2|>, please ")).toBe(
    "Compare with , please",
  );
  expect(stripPlaceholder("no picture")).toBe("no picture");
});

test("an error shows what it has, long values cut", () => {
  const message = (detail: ConstructorParameters<typeof DataError>[0]): string =>
    new DataError(detail).message;
  expect(
    message({ file: "a.parquet", row: 3, field: "grade", value: -1, expected: "a number > 0" }),
  ).toBe("a.parquet: row 3: grade is -1, expected a number > 0");
  expect(message({ file: "a", expected: "b" })).toBe("a: expected b");
  expect(message({ file: "a", field: "x", value: undefined, expected: "b" })).toBe(
    "a: x is missing, expected b",
  );
  expect(message({ file: "a", value: 5n, expected: "b" })).toBe("a: it is 5, expected b");
  expect(message({ file: "a", field: "x", value: Number.NaN, expected: "b" })).toBe(
    "a: x is NaN, expected b",
  );
  expect(message({ file: "a", field: "x", value: new Uint8Array(9), expected: "b" })).toBe(
    "a: x is 9 bytes, expected b",
  );
  expect(message({ file: "a", field: "x", value: "y".repeat(200), expected: "b" })).toHaveLength(
    "a: x is , expected b".length + 83,
  );
  expect(new DataError({ file: "a", expected: "b" }).code).toBe("BAD_DATA");
});
