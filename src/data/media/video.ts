/** @file Video files -> pixels: a few frames, evenly spread, by ffmpeg. */
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { DataError } from "../error.ts";
import type { Pixels } from "../types.ts";
import { findFfmpeg, inputFile, passThrough, runFfmpeg, type Ffmpeg } from "./ffmpeg.ts";
import { sampleIndices, sampleIndicesPadded } from "./frames.ts";
import type { ClipSize } from "./image.ts";

export type DecodeVideoOptions = {
  /** Default: `findFfmpeg()`. */
  readonly ffmpeg?: Ffmpeg;
  /** Take what decodes of a damaged file, as long as it is a frame. Default false. */
  readonly lenient?: boolean;
  readonly signal?: AbortSignal;
};

type Job = {
  readonly path: string;
  readonly size: ClipSize;
  readonly ffmpeg: Ffmpeg;
  readonly lenient: boolean;
  readonly signal: AbortSignal | undefined;
};

/**
 * `size.frames` of the frames of the first video stream, by index: floor(linspace(0, n - 1)), so that
 * every frame counts once whatever its duration (variable frame rate). A shorter video repeats its
 * last frame. Rotation metadata is applied. A truncated or damaged file, that is one that ffmpeg
 * reports any error of, is an error, although ffmpeg would decode the rest and exit with 0. An AVI
 * or MPEG-TS file cut between two frames can't be told from a shorter one.
 */
export async function decodeVideo(
  path: string,
  size: ClipSize,
  { ffmpeg = findFfmpeg(), lenient = false, signal }: DecodeVideoOptions = {},
): Promise<Pixels> {
  const file = resolve(path);
  await access(file).catch((cause: unknown) => {
    throw new DataError({ file: path, expected: "a readable video file", cause });
  });
  const job = { path: file, size, ffmpeg, lenient, signal };
  // Packets are counted in a fraction of the time that decoding takes, and nearly always are frames.
  const packets = await countFrames(job, "packets");
  let pixels = packets > 0 ? await take(job, packets) : undefined;
  if (!pixels) {
    const frames = await countFrames(job, "frames");
    if (frames > 0) pixels = await take(job, frames);
  }
  if (!pixels) throw new DataError({ file: path, expected: "a video with at least one frame" });
  return pixels;
}

/** Number of frames of the first video stream. */
async function countFrames(job: Job, of: "packets" | "frames"): Promise<number> {
  const { path, ffmpeg, signal } = job;
  const how = of === "packets" ? ["-c", "copy"] : await passThrough(ffmpeg);
  const { code, stdout, stderr } = await runFfmpeg(
    ffmpeg,
    [...inputFile(path), "-map", "0:v:0", ...how, "-progress", "pipe:1", "-f", "null", "-"],
    signal,
  );
  checkHealth(job, code, stderr);
  const reports = [
    ...Buffer.from(stdout)
      .toString("utf8")
      .matchAll(/^frame=\s*(\d+)/gm),
  ];
  return Number(reports.at(-1)?.[1] ?? 0);
}

/** The sampled frames of a video of `total`; undefined if fewer than that come out. */
async function take(job: Job, total: number): Promise<Pixels | undefined> {
  const { path, size, ffmpeg, signal } = job;
  const { width, height, frames } = size;
  const wanted = sampleIndices(total, frames);
  const select = wanted.map((index) => `eq(n\\,${index})`).join("+");
  const args = [
    ...inputFile(path),
    ["-map", "0:v:0", "-an", "-sn", "-vf", `select=${select},${scaleFilter(size)}`],
    await passThrough(ffmpeg),
    ["-frames:v", String(wanted.length), "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"],
  ].flat();
  const { code, stdout, stderr } = await runFfmpeg(ffmpeg, args, signal);
  checkHealth(job, code, stderr);
  const bytes = width * height * 3;
  if (stdout.length !== wanted.length * bytes) return undefined;
  const data = new Uint8Array(frames * bytes);
  const padded = sampleIndicesPadded(wanted.length, frames);
  for (const [to, from] of padded.entries()) {
    data.set(stdout.subarray(from * bytes, (from + 1) * bytes), to * bytes);
  }
  return { frames, height, width, data };
}

function scaleFilter({ width, height, fit = "contain", background }: ClipSize): string {
  if (fit === "fill") return `scale=${width}:${height}:flags=lanczos,setsar=1`;
  const { r, g, b } = background ?? { r: 255, g: 255, b: 255 };
  const color = `0x${[r, g, b].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  return [
    `scale=${width}:${height}:force_original_aspect_ratio=decrease:flags=lanczos`,
    // Letterboxed as RGB: in YUV an odd offset would be rounded to even and the colour be off.
    "format=rgb24",
    `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2:color=${color}`,
    "setsar=1",
  ].join(",");
}

function checkHealth({ path, lenient }: Job, code: number, stderr: string): void {
  const said = stderr.trim();
  if (lenient || (code === 0 && said === "")) return;
  const [first] = said.split("\n");
  // "[mov,mp4 @ 0x55d0]" differs from run to run.
  const line = first!.replaceAll(/ @ 0x[0-9a-f]+/g, "").replaceAll(`file:${path}`, "input");
  const expected = `a whole video file (ffmpeg: ${line === "" ? `exit code ${code}` : line})`;
  throw new DataError({ file: path, expected });
}
