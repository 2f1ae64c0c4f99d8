import { describe, expect, test } from "vitest";
import { Random } from "../../src/engine/index.ts";
import { changeBackground } from "../../src/model/augment/background.ts";
import {
  channelPermutation,
  composeColour,
  contrast,
  hueRotation,
  IDENTITY_COLOUR,
  INVERSION,
  recolour,
  saturation,
} from "../../src/model/augment/colour.ts";
import { mirrored, move } from "../../src/model/augment/geometry.ts";
import { outline } from "../../src/model/augment/outline.ts";
import { augment, AUGMENT_POLICIES } from "../../src/model/augment/policy.ts";
import { randomPixels } from "./helpers.ts";

const pixels = randomPixels(0, { frames: 2, height: 16, width: 24 });

/** White paper with a filled ring: a square of side 8 whose inside (side 4) is white again. */
function ring(size = 16) {
  const data = new Uint8Array(size * size * 3).fill(255);
  for (let y = 4; y < 12; y++) {
    for (let x = 4; x < 12; x++) {
      const inside = x >= 6 && x < 10 && y >= 6 && y < 10;
      if (!inside) data.set([200, 30, 30], (y * size + x) * 3);
    }
  }
  return { frames: 1, height: size, width: size, data };
}
const at = ({ data, width }: { data: Uint8Array; width: number }, x: number, y: number) => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

describe("colour", () => {
  test("inverting twice, permuting back and turning fully round change nothing", () => {
    expect(recolour(recolour(pixels, INVERSION), INVERSION)).toEqual(pixels);
    const there = channelPermutation([1, 2, 0]);
    const back = channelPermutation([2, 0, 1]);
    expect(composeColour(there, back)).toEqual(IDENTITY_COLOUR);
    expect(hueRotation(2 * Math.PI)).toBeAllclose(IDENTITY_COLOUR, { atol: 1e-12 });
  });

  test("a third of a turn permutes the channels, as saturation 0 makes them equal", () => {
    expect(hueRotation((2 * Math.PI) / 3)).toBeAllclose(channelPermutation([2, 0, 1]), {
      atol: 1e-12,
    });
    const [r, g, b] = at(recolour(ring(), saturation(0)), 5, 5);
    expect([r, g]).toEqual([g, b]);
  });

  test("hue leaves grey, contrast leaves mid-grey", () => {
    const grey = { frames: 1, height: 1, width: 1, data: new Uint8Array([90, 90, 90]) };
    expect(recolour(grey, hueRotation(1)).data).toEqual(grey.data);
    const mid = { ...grey, data: new Uint8Array([127, 128, 90]) };
    expect([...recolour(mid, contrast(2, 10)).data]).toEqual([136, 138, 62]);
  });

  test("composing is applying one after the other", () => {
    const [a, b] = [hueRotation(0.4), contrast(0.5, 20)]; // nothing is clamped on the way
    const soft = recolour(pixels, contrast(0.4));
    const both = recolour(soft, composeColour(a, b)).data;
    expect(both).toBeAllclose(recolour(recolour(soft, a), b).data, { rtol: 0, atol: 1 });
  });
});

describe("geometry", () => {
  test("a shift of whole pixels moves them and fills with the corners' colour", () => {
    const moved = move(ring(), { shiftX: 2, shiftY: -1 });
    expect(at(moved, 6, 3)).toEqual([200, 30, 30]);
    expect(at(moved, 5, 3)).toEqual([255, 255, 255]);
    expect(at(moved, 0, 0)).toEqual([255, 255, 255]);
  });

  test("mirroring by moving equals mirroring, twice is nothing", () => {
    expect(move(pixels, { mirror: true })).toEqual(mirrored(pixels));
    expect(mirrored(mirrored(pixels))).toEqual(pixels);
  });

  test("a quarter turn goes clockwise", () => {
    const data = new Uint8Array(5 * 5 * 3);
    data.set([255, 255, 255], 2 * 3); // top centre
    const turned = move({ frames: 1, height: 5, width: 5, data }, { angle: Math.PI / 2 });
    expect(at(turned, 4, 2)[0]).toBeGreaterThan(250);
    expect(at(turned, 2, 0)[0]).toBe(0);
  });

  test("zoom grows content about the centre", () => {
    expect(at(ring(), 3, 7)).toEqual([255, 255, 255]);
    expect(at(move(ring(), { zoom: 1.5 }), 3, 7)).toEqual([200, 30, 30]);
    expect(() => move(ring(), { zoom: 0 })).toThrow("move: zoom must be > 0, got 0");
  });
});

test("the ground changes, the drawing and what it encloses stay", () => {
  const blue = changeBackground(ring(), [10, 20, 240]);
  expect(at(blue, 0, 0)).toEqual([10, 20, 240]);
  expect(at(blue, 3, 8)).toEqual([10, 20, 240]);
  expect(at(blue, 5, 5)).toEqual([200, 30, 30]);
  expect(at(blue, 8, 8)).toEqual([255, 255, 255]);
});

test("an outline is paper inside and outside, ink at the edge", () => {
  const drawn = outline(ring());
  expect(at(drawn, 0, 0)).toEqual([255, 255, 255]);
  expect(at(drawn, 4, 8)[0]).toBeLessThan(80);
  expect(at(drawn, 8, 8)).toEqual([255, 255, 255]);
});

describe("policies", () => {
  test("none gives back the very picture", () => {
    expect(augment(pixels, AUGMENT_POLICIES.none, Random.from(0, "a"))).toBe(pixels);
  });

  test("the same stream gives the same variants, the input stays", () => {
    const before = Uint8Array.from(pixels.data);
    const run = () => {
      const random = Random.from(3, "a");
      return Array.from({ length: 20 }, () => augment(pixels, AUGMENT_POLICIES.object, random));
    };
    expect(run()).toEqual(run());
    expect(new Set(run().map(({ data }) => data.join())).size).toBeGreaterThan(15);
    expect(pixels.data).toEqual(before);
  });

  test("both frames of a still clip change alike", () => {
    const { data } = ring();
    const clip = { frames: 2, height: 16, width: 16, data: new Uint8Array([...data, ...data]) };
    const random = Random.from(4, "a");
    for (let i = 0; i < 30; i++) {
      const out = augment(clip, AUGMENT_POLICIES.object, random).data;
      expect(out.subarray(0, data.length)).toEqual(out.subarray(data.length));
    }
  });

  test("photometric never moves an edge", () => {
    const random = Random.from(5, "a");
    for (let i = 0; i < 50; i++) {
      const out = augment(ring(), AUGMENT_POLICIES.photometric, random);
      const row = Array.from({ length: 16 }, (_, x) => at(out, x, 8).join());
      const changes = row.flatMap((colour, x) => (x > 0 && colour !== row[x - 1] ? [x] : []));
      for (const x of changes) expect([4, 6, 10, 12]).toContain(x);
    }
  });

  test("geometric brings no colour that wasn't between those there", () => {
    const random = Random.from(6, "a");
    for (let i = 0; i < 20; i++) {
      const { data } = augment(ring(), AUGMENT_POLICIES.geometric, random);
      for (let p = 0; p < data.length; p += 3) {
        expect(data[p]!).toBeGreaterThanOrEqual(199);
        expect(Math.abs(data[p + 1]! - data[p + 2]!)).toBeLessThanOrEqual(1);
      }
    }
  });
});
