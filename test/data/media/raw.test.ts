import { createCanvas } from "@napi-rs/canvas";
import sharp from "sharp";
import { expect, test } from "vitest";
import { decodeRgb, isPlain } from "../../../src/data/media/raw.ts";

const WHITE = { r: 255, g: 255, b: 255 };

/** Noise, opaque: RGB rows of 24x16 and the same as a canvas. */
function noisy() {
  const canvas = createCanvas(24, 16);
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(24, 16);
  const rgb = new Uint8Array(24 * 16 * 3);
  for (let i = 0; i < 24 * 16; i++) {
    for (let c = 0; c < 3; c++) rgb[i * 3 + c] = (i * (7 + 31 * c) + 13 * c) & 255;
    pixels.data.set([...rgb.subarray(i * 3, i * 3 + 3), 255], i * 4);
  }
  context.putImageData(pixels, 0, 0);
  return { canvas, rgb };
}

test("what Skia and sharp write is plain and decodes to the very pixels", async () => {
  const { canvas, rgb } = noisy();
  const png = await canvas.encode("png");
  const files = {
    "canvas png": png,
    "canvas webp": await canvas.encode("webp", 100),
    "sharp png": await sharp(png).removeAlpha().png().toBuffer(),
    "sharp palette": await sharp(
      rgb.map((value) => value & 0xc0),
      { raw: { width: 24, height: 16, channels: 3 } },
    )
      .png({ palette: true, dither: 0 })
      .toBuffer(),
    "sharp webp": await sharp(png).webp({ lossless: true }).toBuffer(),
  };
  for (const [name, bytes] of Object.entries(files)) {
    expect(isPlain(bytes), name).toBe(true);
    const image = await decodeRgb(bytes, WHITE);
    expect([image.width, image.height], name).toEqual([24, 16]);
    const expected = name === "sharp palette" ? rgb.map((value) => value & 0xc0) : rgb;
    expect(image.data, name).toEqual(expected);
  }
});

test("both ways of decoding agree, transparency included", async () => {
  const { rgb } = noisy();
  const rgba = new Uint8Array(24 * 16 * 4);
  for (let i = 0; i < 24 * 16; i++)
    rgba.set([...rgb.subarray(i * 3, i * 3 + 3), (i * 5) & 255], i * 4);
  const raw = { width: 24, height: 16, channels: 4 } as const;
  const plain = await sharp(rgba, { raw }).png().toBuffer();
  // EXIF without a turn is a reason to go through sharp.
  const tagged = await sharp(rgba, { raw })
    .withExif({ IFD0: { Artist: "x" } })
    .png()
    .toBuffer();
  expect([isPlain(plain), isPlain(tagged)]).toEqual([true, false]);
  const background = { r: 10, g: 200, b: 90 };
  const [skia, viaSharp] = [
    await decodeRgb(plain, background),
    await decodeRgb(tagged, background),
  ];
  const worst = Math.max(...skia.data.map((value, i) => Math.abs(value - viaSharp.data[i]!)));
  // Skia blends premultiplied bytes.
  expect(worst).toBeLessThanOrEqual(2);
});

test("what may need more than decoding is left to sharp", async () => {
  const { canvas } = noisy();
  const png = await canvas.encode("png");
  const files = {
    jpeg: await sharp(png).removeAlpha().jpeg().toBuffer(),
    deep: await sharp(png).toColourspace("rgb16").png().toBuffer(),
    "other profile": await sharp(png).withIccProfile("p3").webp({ lossless: true }).toBuffer(),
    turned: await sharp(png).withMetadata({ orientation: 6 }).webp({ lossless: true }).toBuffer(),
    animated: await sharp([png, await sharp(png).negate().png().toBuffer()], {
      join: { animated: true },
    })
      .webp()
      .toBuffer(),
    nothing: new Uint8Array(),
  };
  for (const [name, bytes] of Object.entries(files)) expect(isPlain(bytes), name).toBe(false);
});

test("a flipped bit in a PNG is found, although Skia would draw it", async () => {
  const png = await noisy().canvas.encode("png");
  const at = png.indexOf("IDAT", 0, "latin1") + 40;
  png[at] = png[at]! ^ 1;
  expect(isPlain(png)).toBe(false);
  await expect(decodeRgb(png, WHITE)).rejects.toThrow();
});
