import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { resizeRgb, type RgbImage } from "../../../src/data/media/resample.ts";

/** Noise from a linear congruential generator, the same as in the Python that made the golden values. */
function noise(width: number, height: number): RgbImage {
  let state = 1;
  const data = Uint8Array.from({ length: width * height * 3 }, () => {
    state = Number((BigInt(state) * 1103515245n + 12345n) % 2147483648n);
    return (state >> 16) & 255;
  });
  return { width, height, data };
}

// Origin: Pillow 13.0.0, sha256 of Image.fromarray(noise(w, h)).resize((W, H), Image.BICUBIC).
const GOLDEN: readonly [number, number, number, number, string][] = [
  [96, 96, 64, 64, "b257d645c4dbe5046f24fed1cb797b24820c338ea41df6965c860706a830eafe"],
  [64, 64, 48, 48, "abefe8b38e951f0e6d3efb11e108b024832c84ea4f22b5e408738938cdfbc46f"],
  [384, 576, 96, 144, "11a1e60edcf2d936eac131ce9e89966b41d47fcbe2966b482018f69da9985bcc"],
  [7, 5, 13, 11, "eb040384b92ce61d1ebbdf7ffb7e3395a4a7c3b38df8895bdb98eb3da9c0f593"],
  [128, 128, 64, 64, "4e60960c530da2fccf2b6f583c9aaa904d55a718859b76d68290d58bf35c23a9"],
  [10, 3, 3, 10, "2d98a03cb2a32ae077e330dcf35617d13bb2b44d9c5780e230ac96643eac7d67"],
  [33, 17, 33, 9, "eac8b87b010956d39a2800fcd661ff973bb13dbfdc50e588dab9f2880a1cd97d"],
  [5, 5, 1, 1, "027371e5d2ba8fac91bf9b20374276c6d97506e3bb3079eb98a5c04e6bae3649"],
];

test("bytes equal Pillow's, shrinking, enlarging, on one axis alone", () => {
  for (const [width, height, toWidth, toHeight, golden] of GOLDEN) {
    const { data } = resizeRgb(noise(width, height), toWidth, toHeight);
    const digest = createHash("sha256").update(data).digest("hex");
    expect(digest, `${width}x${height} to ${toWidth}x${toHeight}`).toBe(golden);
  }
  const small = resizeRgb(noise(7, 5), 3, 2);
  expect([...small.data]).toEqual([
    138, 95, 125, 135, 127, 182, 134, 95, 137, 125, 139, 64, 180, 148, 130, 113, 134, 130,
  ]);
});

test("the size it has is left as it is, a flat colour stays flat", () => {
  const image = noise(9, 4);
  expect(resizeRgb(image, 9, 4).data).toEqual(image.data);
  const flat = { width: 20, height: 10, data: new Uint8Array(600).fill(77) };
  expect(resizeRgb(flat, 7, 13).data).toEqual(new Uint8Array(7 * 13 * 3).fill(77));
});
