import { expect, test } from "vitest";
import type { Concept } from "../../../src/data/mini/concepts.ts";
import { iconDrawing } from "../../../src/data/mini/emoji-rasters.ts";
import { iconLabel, unseenNames } from "../../../src/data/mini/icons.ts";

test("an icon is named by its words, without numbers and variants", () => {
  expect(iconLabel("parrot-head")).toBe("parrot head");
  expect(iconLabel("man-15")).toBe("man");
  expect(iconLabel("network-user-alt")).toBe("network user");
  expect(iconLabel("500")).toBe("");
});

test("a name is kept from training by a word or a whole label of a held-out concept", () => {
  const concept = (label: string, split: Concept["split"]) => ({ label, split }) as Concept;
  const allowed = unseenNames([
    concept("red apple", "train"),
    concept("grapes", "test"),
    concept("red heart", "dev"),
    concept("red circle", "train"),
    concept("heart suit", "train"),
  ]);
  expect(["grape", "bunch of grapes", "red heart"].filter(allowed)).toEqual([]);
  expect(["red pear", "circle", "heart"].filter(allowed)).toEqual(["red pear", "circle", "heart"]);
});

test("an icon is drawn in its own box; a set without it has no drawing", () => {
  const set = { width: 24, height: 24, icons: { dot: { body: "<circle/>", left: -2, width: 12 } } };
  expect(iconDrawing(set, "dot")!.toString()).toContain('viewBox="-2 0 12 24"');
  expect(iconDrawing(set, "toString")).toBeUndefined();
});
