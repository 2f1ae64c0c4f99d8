/** @file Setting text: nothing runs over the edge, faces come from npm. */
import { expect, test } from "vitest";
import { blank, FACES, fitSize, fontOf, registerFaces, wrap } from "../../../src/data/mini/page.ts";
import { temporaryFolder } from "../support.ts";

const TEXT = "It borders Andorra, Belgium, Germany and donaudampfschifffahrtsgesellschaftskapitän.";

test("every face loads and has its own widths", () => {
  const { context } = blank(8, 8);
  const widths = Object.keys(FACES).map((face) => {
    context.font = fontOf(face, 26);
    return context.measureText("Illustration of Mw 1234").width;
  });
  expect(new Set(widths).size).toBeGreaterThan(8);
});

test("an unknown face is refused by name", () => {
  expect(() => fontOf("Comic", 26)).toThrow("mini-MMEB: no face Comic; there are Sans, Sans Bold");
});

test("a font that cannot be loaded is named", () => {
  const folder = temporaryFolder();
  expect(() => registerFaces(folder)).toThrow(
    `mini-MMEB: cannot load the font ${folder}/DejaVuSans.ttf`,
  );
});

test("wrapped lines fit, and together they are the text", () => {
  const { context } = blank(8, 8);
  context.font = fontOf("Condensed", 26);
  for (const width of [60, 120, 360, 2000]) {
    const lines = wrap(context, TEXT, width);
    for (const line of lines) expect(context.measureText(line).width).toBeLessThanOrEqual(width);
    expect(lines.join("").replaceAll(" ", "")).toBe(TEXT.replaceAll(" ", ""));
  }
  expect(wrap(context, "  ", 100)).toEqual([]);
});

test("text shrinks until it fits, but not below the least size", () => {
  const { context } = blank(8, 8);
  const size = fitSize(context, "Sans", "a rather long heading", 200, 40, 10);
  expect(context.measureText("a rather long heading").width).toBeLessThanOrEqual(200);
  context.font = fontOf("Sans", size + 1);
  expect(context.measureText("a rather long heading").width).toBeGreaterThan(200);
  expect(fitSize(context, "Sans", TEXT, 50, 40, 26)).toBe(26);
});
