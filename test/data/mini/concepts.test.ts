/** @file Which code points are one concept, and which concepts there are. */
import { expect, test } from "vitest";
import { familyOf, joinKey, readConcepts, STYLES } from "../../../src/data/mini/concepts.ts";
import { openDrawings } from "../../../src/data/mini/emoji-rasters.ts";

test("variants of tone, gender, hair and direction are one family", () => {
  const pilot = familyOf("1f9d1-200d-2708-fe0f");
  for (const variant of ["1f468-200d-2708", "1f469-1f3ff-200d-2708-fe0f"])
    expect(familyOf(variant)).toBe(pilot);
  expect(familyOf("1f3c3-200d-2642-fe0f-200d-27a1-fe0f")).toBe(familyOf("1f3c3"));
  expect(familyOf("1f468-200d-1f9b0")).toBe(familyOf("1f9d1"));
  expect(familyOf("1f478")).toBe(familyOf("1f934"));
});

test("different things are different families", () => {
  expect(familyOf("1f468-200d-2708")).not.toBe(familyOf("1f468-200d-1f680"));
  expect(familyOf("1f34e")).not.toBe(familyOf("1f34f"));
});

test("keys are lower case and without the presentation selector", () => {
  expect(joinKey("1F468-200D-2708-FE0F")).toBe("1f468-200d-2708");
});

test("1,562 concepts are drawn in all six styles, none twice", () => {
  const concepts = readConcepts();
  expect(concepts).toHaveLength(1562);
  expect(new Set(concepts.map(({ hex }) => hex)).size).toBe(1562);
  expect(new Set(concepts.map(({ label }) => label)).size).toBe(1562);
  expect(new Set(concepts.map(({ subgroup }) => subgroup)).size).toBe(94);
  expect(new Set(concepts.map(({ group }) => group)).size).toBe(8);
});

test("all concepts of a family share a split", () => {
  const splits = new Map<string, string>();
  for (const { family, split } of readConcepts()) {
    expect(splits.get(family) ?? split, family).toBe(split);
    splits.set(family, split);
  }
  expect(splits.size).toBeGreaterThan(1000);
});

test("a hex that a style does not draw is named", () => {
  const drawingOf = openDrawings();
  for (const style of STYLES) {
    expect(() => drawingOf(style, "ffff")).toThrow(
      `mini-MMEB: style ${style.id} does not draw ffff`,
    );
  }
});
