import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { patchLayout, PatchWriter, patchesSize, smartResize } from "../../src/model/pixels.ts";
import { preset } from "../../src/model/presets.ts";
import { randomPixels } from "./helpers.ts";

const nano = preset("nano");
const tiny = preset("tiny");

function patchesOf(pixels: ReturnType<typeof randomPixels>, config = nano): Float32Array {
  const layout = patchLayout(pixels, config);
  const out = new Float32Array(patchesSize(layout, config));
  new PatchWriter(config).write(pixels, layout, out);
  return out;
}

test("gradient channels of a ramp are its slope, one-sided at the borders", () => {
  const size = 16;
  const data = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++)
      data.fill(4 * x + 8 * y, (y * size + x) * 3, (y * size + x + 1) * 3);
  }
  const out = patchesOf({ frames: 1, width: size, height: size, data });
  const channel = (c: number) => out.subarray(c * 64, (c + 1) * 64); // of the first patch
  expect(channel(3).slice(0, 4)).toBeAllclose([4, 8, 8, 8].map((x) => x / 128));
  expect([channel(4)[0], channel(4)[8], channel(4)[16]]).toBeAllclose(
    [8, 16, 16].map((x) => x / 128),
  );
});

test("an odd last frame is repeated", () => {
  const three = randomPixels(1, { frames: 3 });
  const four = {
    ...three,
    frames: 4,
    data: new Uint8Array([...three.data, ...three.data.slice(-768)]),
  };
  expect(patchesOf(three)).toEqual(patchesOf(four));
});

test("patches land at the offset and nowhere else", () => {
  const pixels = randomPixels(2);
  const layout = patchLayout(pixels, tiny);
  const size = patchesSize(layout, tiny);
  const out = new Float32Array(size + 20).fill(-9);
  new PatchWriter(tiny).write(pixels, layout, out, 10);
  expect([...out.subarray(0, 10), ...out.subarray(size + 10)]).toEqual(Array(20).fill(-9));
  expect(out.subarray(10, size + 10)).toEqual(patchesOf(pixels, tiny));
});

describe("pictures that can't be patched are named", () => {
  test.each([
    [
      { ...randomPixels(0), height: 20 },
      "height and width must be multiples of 16 pixels, got 1 frames of 20x16",
    ],
    [{ ...randomPixels(0), frames: 0 }, "got 0 frames of 16x16"],
    [{ ...randomPixels(0), frames: 2 }, "2 frames of 16x16 RGB need 1536 bytes, got 768"],
  ])("%#", (pixels, message) => {
    expect(() => patchLayout(pixels, nano)).toThrow(message);
  });
});

test("smartResize gives the sizes of transformers' smart_resize", () => {
  const file = join(
    import.meta.dirname,
    "..",
    "support",
    "golden",
    "qwen2-vl",
    "smart-resize.json",
  );
  const cases = JSON.parse(readFileSync(file, "utf8")) as [number, number, number, number][];
  const config = preset("qwen2-vl-2b");
  expect(cases.map(([h, w]) => [h, w, ...smartResize(h, w, config)])).toEqual(cases);
});

test("smartResize refuses slivers", () => {
  expect(() => smartResize(10, 2000, nano)).toThrow("aspect of 10x2000 must be below 200");
});
