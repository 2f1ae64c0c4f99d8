import { createCanvas } from "@napi-rs/canvas";
import sharp from "sharp";
import { expect, test } from "vitest";
import {
  decodeAnimation,
  decodeFrames,
  decodeImage,
  frameFiles,
  sampleIndices,
  sampleIndicesPadded,
  type Pixels,
} from "../../../src/data/index.ts";
import { naturalOrder } from "../../../src/data/media/frames.ts";
import { put, temporaryFolder } from "../support.ts";

/** A picture whose left half is `left` and right half `right`, 8x4 unless told. */
function halves(left: string, right: string, width = 8, height = 4) {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = left;
  context.fillRect(0, 0, width / 2, height);
  context.fillStyle = right;
  context.fillRect(width / 2, 0, width / 2, height);
  return canvas;
}

function at({ width, height, data }: Pixels, x: number, y: number, frame = 0): number[] {
  const i = ((frame * height + y) * width + x) * 3;
  return [...data.subarray(i, i + 3)];
}

test("PNG, lossless WebP and JPEG decode to RGB rows", async () => {
  const root = temporaryFolder();
  const canvas = halves("#ff0000", "#0000ff", 32, 16);
  const files = {
    "a.png": await canvas.encode("png"),
    "a.webp": await sharp(await canvas.encode("png"))
      .webp({ lossless: true })
      .toBuffer(),
    "a.jpg": await sharp(await canvas.encode("png"))
      .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
      .toBuffer(),
  };
  for (const [name, bytes] of Object.entries(files)) {
    const pixels = await decodeImage(put(root, name, bytes), { width: 32, height: 16 });
    expect([pixels.frames, pixels.height, pixels.width, pixels.data.length]).toEqual([
      1,
      16,
      32,
      32 * 16 * 3,
    ]);
    const tolerance = name === "a.jpg" ? 3 : 0;
    for (const [x, colour] of [
      [2, [255, 0, 0]],
      [29, [0, 0, 255]],
    ] as const) {
      for (const [c, value] of at(pixels, x, 8).entries()) {
        expect(Math.abs(value - colour[c]!), `${name} channel ${c}`).toBeLessThanOrEqual(tolerance);
      }
    }
  }
});

test("contain letterboxes in the middle on the background, fill stretches", async () => {
  const file = put(
    temporaryFolder(),
    "a.png",
    await halves("#ff0000", "#ff0000", 8, 4).encode("png"),
  );
  const contained = await decodeImage(file, {
    width: 8,
    height: 8,
    background: { r: 0, g: 9, b: 0 },
  });
  expect([at(contained, 4, 0), at(contained, 4, 4), at(contained, 4, 7)]).toEqual([
    [0, 9, 0],
    [255, 0, 0],
    [0, 9, 0],
  ]);
  const filled = await decodeImage(file, { width: 8, height: 8, fit: "fill" });
  expect(at(filled, 4, 0)).toEqual([255, 0, 0]);
});

test("transparent pixels show the background, white by default", async () => {
  const file = put(temporaryFolder(), "a.png", await createCanvas(4, 4).encode("png"));
  expect(at(await decodeImage(file, { width: 4, height: 4 }), 1, 1)).toEqual([255, 255, 255]);
  const black = { r: 0, g: 0, b: 0 };
  expect(at(await decodeImage(file, { width: 4, height: 4, background: black }), 1, 1)).toEqual([
    0, 0, 0,
  ]);
});

test("grey, palette, 16-bit and CMYK pictures come as RGB", async () => {
  const root = temporaryFolder();
  const grey = sharp({ create: { width: 4, height: 4, channels: 3, background: "#808080" } });
  const files = {
    "grey.png": await grey.clone().greyscale().png().toBuffer(),
    "palette.png": await grey.clone().png({ palette: true }).toBuffer(),
    "deep.png": await grey.clone().toColourspace("rgb16").png().toBuffer(),
    "cmyk.jpg": await grey.clone().toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer(),
  };
  for (const [name, bytes] of Object.entries(files)) {
    const pixels = await decodeImage(put(root, name, bytes), { width: 4, height: 4 });
    expect(pixels.data, name).toHaveLength(48);
    for (const value of at(pixels, 2, 2)) expect(Math.abs(value - 128), name).toBeLessThan(16);
  }
});

test("EXIF orientation is applied", async () => {
  const plain = await halves("#ff0000", "#0000ff").encode("png");
  // Orientation 6: the stored left side is the top.
  const bytes = await sharp(plain)
    .withExifMerge({ IFD0: { Orientation: "6" } })
    .jpeg({ quality: 100 })
    .toBuffer();
  const turned = await sharp(bytes)
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
    .toBuffer();
  const pixels = await decodeImage(put(temporaryFolder(), "a.jpg", turned), {
    width: 4,
    height: 8,
  });
  expect(at(pixels, 2, 0)[0]).toBeGreaterThan(200);
  expect(at(pixels, 2, 7)[2]).toBeGreaterThan(200);
});

test("a picture that does not decode is an error that names the file", async () => {
  const root = temporaryFolder();
  const whole = await sharp({
    create: {
      width: 64,
      height: 64,
      channels: 3,
      background: "red",
      noise: { type: "gaussian", mean: 90, sigma: 50 },
    },
  })
    .png()
    .toBuffer();
  const cases = {
    "junk.png": Buffer.from("junk"),
    "empty.png": new Uint8Array(),
    "cut.png": whole.subarray(0, whole.length >> 1),
    "cut.webp": (await sharp(whole).webp({ lossless: true }).toBuffer()).subarray(0, 3000),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    const decoding = decodeImage(put(root, name, bytes), { width: 8, height: 8 });
    await expect(decoding, name).rejects.toThrow(`${name}: expected a picture that decodes (`);
  }
  await expect(decodeImage(`${root}/none.png`, { width: 8, height: 8 })).rejects.toThrow(
    "none.png: expected a readable file (ENOENT",
  );
});

/** An animation whose frame i is grey 20 + 30 i. */
async function animation(count: number, format: "webp" | "gif"): Promise<Buffer> {
  const frames = await Promise.all(
    Array.from({ length: count }, (_, i) => {
      const grey = 20 + 30 * i;
      return sharp({
        create: { width: 16, height: 16, channels: 3, background: { r: grey, g: grey, b: grey } },
      })
        .png()
        .toBuffer();
    }),
  );
  const joined = sharp(frames, { join: { animated: true } });
  return format === "webp" ? joined.webp({ lossless: true }).toBuffer() : joined.gif().toBuffer();
}

test("animated WebP and GIF give evenly spread frames", async () => {
  const root = temporaryFolder();
  for (const format of ["webp", "gif"] as const) {
    const file = put(root, `a.${format}`, await animation(7, format));
    const clip = await decodeAnimation(file, { width: 8, height: 8, frames: 4 });
    expect([clip.frames, clip.height, clip.width, clip.data.length]).toEqual([4, 8, 8, 4 * 192]);
    expect(
      [0, 1, 2, 3].map((i) => at(clip, 4, 4, i)[0]),
      format,
    ).toEqual([20, 80, 140, 200]);
    expect(at(await decodeImage(file, { width: 8, height: 8 }), 4, 4)[0]).toBe(20);
  }
});

test("a still picture or a short animation repeats its last frame", async () => {
  const root = temporaryFolder();
  const short = await decodeAnimation(put(root, "a.webp", await animation(2, "webp")), {
    width: 4,
    height: 4,
    frames: 3,
  });
  expect([0, 1, 2].map((i) => at(short, 1, 1, i)[0])).toEqual([20, 50, 50]);
  const still = put(root, "a.png", await halves("#010101", "#010101").encode("png"));
  expect(
    (await decodeAnimation(still, { width: 4, height: 4, frames: 3, fit: "fill" })).data,
  ).toEqual(new Uint8Array(144).fill(1));
});

test("a folder of frames is read in natural order, other files left alone", async () => {
  const root = temporaryFolder();
  for (const i of [1, 2, 10, 20]) {
    const colour = `rgb(${i},${i},${i})`;
    put(root, `clip/frame_${i}.png`, await halves(colour, colour).encode("png"));
  }
  put(root, "clip/notes.txt", "");
  const files = await frameFiles(`${root}/clip`);
  expect(files.map((file) => file.split("_").at(-1))).toEqual([
    "1.png",
    "2.png",
    "10.png",
    "20.png",
  ]);
  const clip = await decodeFrames(`${root}/clip`, { width: 8, height: 4, frames: 2 });
  expect([at(clip, 0, 0, 0)[0], at(clip, 0, 0, 1)[0]]).toEqual([1, 20]);
  put(root, "empty/notes.txt", "");
  await expect(frameFiles(`${root}/empty`)).rejects.toThrow(
    "empty: expected at least one .jpg, .png or .webp frame",
  );
  await expect(frameFiles(`${root}/none`)).rejects.toThrow("none: expected a folder of frames");
  await expect(decodeFrames([], { width: 8, height: 4, frames: 2 })).rejects.toThrow(
    "expected at least one frame",
  );
});

test("natural order compares runs of digits as numbers", () => {
  const names = ["b1", "a10", "a2", "A3", "a02b", "a", "a2"];
  expect(names.toSorted(naturalOrder)).toEqual(["a", "a2", "a2", "a02b", "A3", "a10", "b1"]);
});

test("sampled indices are those of numpy.linspace(0, n - 1, k, dtype=int)", () => {
  // Origin: numpy 2.4.6, python3 -c "import numpy; print(numpy.linspace(0, n - 1, k, dtype=int))"
  expect(sampleIndices(64, 8)).toEqual([0, 9, 18, 27, 36, 45, 54, 63]);
  expect(sampleIndices(100, 8)).toEqual([0, 14, 28, 42, 56, 70, 84, 99]);
  expect(sampleIndices(9, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 8]);
  // 21 * (119 / 49) is 51, but comes out just below it.
  expect(sampleIndices(120, 50)[21]).toBe(50);
  expect(sampleIndices(10, 1)).toEqual([0]);
  expect(sampleIndices(3, 8)).toEqual([0, 1, 2]);
  expect(sampleIndicesPadded(3, 5)).toEqual([0, 1, 2, 2, 2]);
  expect(() => sampleIndices(3, 0)).toThrow("frames wanted must be a positive integer, got 0");
});
