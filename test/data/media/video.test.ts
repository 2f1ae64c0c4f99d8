import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeBatch, decodeVideo, findFfmpeg, type ClipSize } from "../../../src/data/index.ts";
import { hasFpsMode } from "../../../src/data/media/ffmpeg.ts";
import { put, temporaryFolder } from "../support.ts";

const ffmpeg = findFfmpeg();
const SIZE: ClipSize = { width: 32, height: 32, frames: 4, fit: "fill" };

function run(...args: string[]): void {
  execFileSync(ffmpeg.path, ["-nostdin", "-v", "error", "-y", ...args]);
}

/** Encodes 32x32 frames whose grey is 20 + 5 * index, at the rate given. */
function encode(
  root: string,
  name: string,
  count: number,
  { rate = 10, args = [] as string[] } = {},
): string {
  const raw = new Uint8Array(count * 32 * 32 * 3);
  for (let i = 0; i < count; i++) raw.fill(20 + 5 * i, i * 3072, (i + 1) * 3072);
  const input = put(root, "raw.rgb", raw);
  const file = join(root, name);
  const source = [
    "-f",
    "rawvideo",
    "-pix_fmt",
    "rgb24",
    "-s",
    "32x32",
    "-r",
    String(rate),
    "-i",
    input,
  ];
  run(
    ...source,
    ...(args.length > 0
      ? args
      : ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-qp", "1", "-bf", "2"]),
    file,
  );
  return file;
}

/** Index of the encoded frame that each decoded one shows, by its mean grey. */
function shown(data: Uint8Array, frames: number): number[] {
  const bytes = data.length / frames;
  return Array.from({ length: frames }, (_, i) => {
    const frame = data.subarray(i * bytes, (i + 1) * bytes);
    return Math.round((frame.reduce((sum, value) => sum + value, 0) / bytes - 20) / 5) + 0; // no -0
  });
}

test("frames are sampled evenly by index, first and last included, in H.264, VP9, MPEG-4 and AVI", async () => {
  const root = temporaryFolder();
  const files = [
    encode(root, "a.mp4", 25),
    encode(root, "b.webm", 25, { args: ["-c:v", "libvpx-vp9", "-lossless", "1"] }),
    encode(root, "c.mov", 25, { args: ["-c:v", "mpeg4", "-q:v", "1"] }),
    encode(root, "d.avi", 25, { args: ["-c:v", "ffv1"] }),
    encode(root, "-e.mkv", 25, { args: ["-c:v", "ffv1"] }),
  ];
  for (const file of files) {
    const { frames, height, width, data } = await decodeVideo(file, { ...SIZE, frames: 5 });
    expect([frames, height, width, data.length], file).toEqual([5, 32, 32, 5 * 3072]);
    expect(shown(data, 5), file).toEqual([0, 6, 12, 18, 24]);
  }
});

test("a variable frame rate changes nothing: frames count, not seconds", async () => {
  const root = temporaryFolder();
  const constant = encode(root, "cfr.mkv", 12, { args: ["-c:v", "ffv1"] });
  // The first six frames last 0.1 s each, the others 1 s each.
  const slow = "setpts='if(lt(N,6),N*0.1,0.6+(N-6))/TB'";
  const variable = join(root, "vfr.mkv");
  const passThrough = hasFpsMode(execFileSync(ffmpeg.path, ["-version"], { encoding: "utf8" }))
    ? ["-fps_mode", "passthrough"]
    : ["-vsync", "0"];
  run("-i", constant, "-vf", slow, ...passThrough, "-c:v", "ffv1", variable);
  const seconds = /Duration: 00:00:(\d+)/.exec(probe(variable))?.[1];
  expect(Number(seconds)).toBeGreaterThanOrEqual(5);
  const { data } = await decodeVideo(variable, SIZE);
  expect(shown(data, 4)).toEqual([0, 3, 7, 11]);
});

/** What ffmpeg prints about a file; it exits with 1, as no output is named. */
function probe(file: string): string {
  try {
    return execFileSync(ffmpeg.path, ["-hide_banner", "-i", file], {
      encoding: "utf8",
      stdio: "pipe",
    });
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

test("a video shorter than asked repeats its last frame", async () => {
  const root = temporaryFolder();
  const { data, frames } = await decodeVideo(encode(root, "a.mp4", 2), SIZE);
  expect(frames).toBe(4);
  expect(shown(data, 4)).toEqual([0, 1, 1, 1]);
});

test("rotation metadata turns the picture", async () => {
  const root = temporaryFolder();
  const file = join(root, "a.mp4");
  // Left half red, right half blue.
  run(
    "-f",
    "lavfi",
    "-i",
    "color=red:s=32x64:d=1:r=5",
    "-f",
    "lavfi",
    "-i",
    "color=blue:s=32x64:d=1:r=5",
    "-filter_complex",
    "hstack",
    "-c:v",
    "libx264",
    "-qp",
    "1",
    "-pix_fmt",
    "yuv444p",
    file,
  );
  const size: ClipSize = { width: 2, height: 2, frames: 1, fit: "fill" };
  const plain = await decodeVideo(file, size);
  const turned = join(root, "turned.mp4");
  writeFileSync(turned, quarterTurn(readFileSync(file)));
  const rotated = await decodeVideo(turned, size);
  const red = (data: Uint8Array): boolean[] =>
    [0, 1, 2, 3].map((i) => data[i * 3]! > data[i * 3 + 2]!);
  expect(red(plain.data)).toEqual([true, false, true, false]);
  // A quarter turn clockwise brings the left half to the top.
  expect(red(rotated.data)).toEqual([true, true, false, false]);
});

/** Sets the track header's matrix to a quarter turn clockwise, as phones do. */
function quarterTurn(mp4: Buffer): Buffer {
  const at = mp4.indexOf("tkhd", 0, "latin1") + 4 + 40;
  const matrix = [0, 0x10000, 0, -0x10000, 0, 0, 64 * 0x10000, 0, 0x40000000];
  for (const [i, value] of matrix.entries()) mp4.writeInt32BE(value, at + 4 * i);
  return mp4;
}

test("contain letterboxes on white, in the middle", async () => {
  const root = temporaryFolder();
  const file = join(root, "wide.mp4");
  run(
    "-f",
    "lavfi",
    "-i",
    "color=black:s=64x32:d=1:r=5",
    "-c:v",
    "libx264",
    "-pix_fmt",
    "yuv420p",
    file,
  );
  const { data } = await decodeVideo(file, { width: 8, height: 8, frames: 1 });
  const rows = Array.from({ length: 8 }, (_, y) => data[y * 24]!);
  expect(rows.map((value) => (value > 200 ? "white" : "black"))).toEqual([
    "white",
    "white",
    "black",
    "black",
    "black",
    "black",
    "white",
    "white",
  ]);
});

test("a truncated file is an error that names it, wherever it is cut", async () => {
  const root = temporaryFolder();
  const containers = {
    "tail.mp4": [],
    "head.mp4": ["-c:v", "libx264", "-qp", "1", "-movflags", "+faststart"],
    "cut.mkv": ["-c:v", "ffv1"],
  };
  for (const [name, args] of Object.entries(containers)) {
    const whole = encode(root, name, 40, { args });
    const { length } = readFileSync(whole);
    for (const share of [0.2, 0.6, 0.95]) {
      const cut = join(root, `cut-${share}-${name}`);
      copyFileSync(whole, cut);
      truncateSync(cut, Math.floor(length * share));
      await expect(decodeVideo(cut, SIZE), `${name} cut at ${share}`).rejects.toThrow(
        `${cut}: expected a whole video file (ffmpeg: `,
      );
    }
    expect(shown((await decodeVideo(whole, SIZE)).data, 4), name).toEqual([0, 13, 26, 39]);
  }
});

test("lenient decoding spreads over the frames that are left", async () => {
  const root = temporaryFolder();
  const file = encode(root, "a.mkv", 40, { args: ["-c:v", "ffv1"] });
  truncateSync(file, Math.floor(readFileSync(file).length / 2));
  const left = shown((await decodeVideo(file, SIZE, { lenient: true })).data, 4);
  expect(left[0]).toBe(0);
  expect(left[3]).toBeGreaterThan(2);
  expect(left[3]).toBeLessThan(38);
  const empty = put(root, "b.mp4", "hello");
  await expect(decodeVideo(empty, SIZE, { lenient: true })).rejects.toThrow(
    "b.mp4: expected a video with at least one frame",
  );
});

test("what is no video is an error that names the file", async () => {
  const root = temporaryFolder();
  const text = put(root, "a.mp4", "hello");
  await expect(decodeVideo(text, SIZE)).rejects.toThrow(
    "a.mp4: expected a whole video file (ffmpeg: ",
  );
  await expect(decodeVideo(join(root, "none.mp4"), SIZE)).rejects.toThrow(
    "none.mp4: expected a readable video file",
  );
  const sound = join(root, "sound.wav");
  run("-f", "lavfi", "-i", "sine=d=0.2", sound);
  await expect(decodeVideo(sound, SIZE)).rejects.toThrow("sound.wav: expected a whole video file");
});

test("a playlist can't make it read another file", async () => {
  const root = temporaryFolder();
  encode(root, "secret.mp4", 4);
  const list = put(root, "list.mp4", "ffconcat version 1.0\nfile http://127.0.0.1:9/x.mp4\n");
  await expect(decodeVideo(list, SIZE)).rejects.toThrow("list.mp4: expected a whole video file");
});

test("one bad video does not stop a batch and is reported by its id", async () => {
  const root = temporaryFolder();
  const good = encode(root, "a.mp4", 4);
  const bad = put(root, "b.mp4", "no video");
  const samples = [
    { id: "x", path: good },
    { id: "y", path: bad },
    { id: "z", path: good },
  ];
  const { ok, failures } = await decodeBatch(samples, ({ path }) => decodeVideo(path, SIZE));
  expect([...ok.keys()]).toEqual(["x", "z"]);
  expect(failures.map(({ id }) => id)).toEqual(["y"]);
  expect(failures[0]!.error.message).toContain("b.mp4");
});

test("an abort stops ffmpeg", async () => {
  const root = temporaryFolder();
  const file = encode(root, "a.mp4", 4);
  await expect(decodeVideo(file, SIZE, { signal: AbortSignal.abort() })).rejects.toThrow("abort");
});

test("ffmpeg is taken from FFMPEG_PATH, then PATH, then the npm package; a wrong FFMPEG_PATH is an error", () => {
  const root = temporaryFolder();
  const fake = put(root, "bin/ffmpeg", "#!/bin/sh\n");
  expect(() => findFfmpeg({ FFMPEG_PATH: fake })).toThrow(
    `FFMPEG_PATH is ${fake}, which is not an executable file`,
  );
  chmodSync(fake, 0o755);
  expect(findFfmpeg({ FFMPEG_PATH: fake, PATH: "" })).toEqual({
    path: fake,
    source: "FFMPEG_PATH",
  });
  expect(findFfmpeg({ PATH: join(root, "bin") })).toEqual({ path: fake, source: "PATH" });
  expect(findFfmpeg({ PATH: "" }).source).toBe("@ffmpeg-installer/ffmpeg");
});

test("the frame rate option fits the version", () => {
  const of = (version: string): boolean =>
    hasFpsMode(`ffmpeg version ${version} Copyright (c) 2000`);
  expect(["4.4.2-0ubuntu0", "5.0.1", "N-47683-g0e8eb07980-static"].map(of)).toEqual([
    false,
    false,
    false,
  ]);
  expect(["5.1.9-0+deb12u1", "6.0", "n7.1", "10.2.1"].map(of)).toEqual([true, true, true, true]);
});
