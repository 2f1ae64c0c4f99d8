/** @file Finding ffmpeg and running it on one file. */
import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";

export type Ffmpeg = {
  readonly path: string;
  /** Where it was found. */
  readonly source: "FFMPEG_PATH" | "PATH" | "@ffmpeg-installer/ffmpeg";
};

const HOW_TO_GET =
  "install it (apt-get install ffmpeg), add the npm package @ffmpeg-installer/ffmpeg, or set FFMPEG_PATH";

/**
 * The ffmpeg to use: FFMPEG_PATH, else the PATH's, else the optional npm package's. Throws an error
 * that says how to get one. A FFMPEG_PATH that can't be run is an error, not passed over.
 */
export function findFfmpeg(env: Readonly<NodeJS.ProcessEnv> = process.env): Ffmpeg {
  const given = env["FFMPEG_PATH"];
  if (given !== undefined && given !== "") {
    if (isExecutable(given)) return { path: given, source: "FFMPEG_PATH" };
    throw new Error(`FFMPEG_PATH is ${given}, which is not an executable file`);
  }
  const name = process.platform === "win32" ? "ffmpeg.exe" : "ffmpeg";
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, name);
    if (folder !== "" && isExecutable(path)) return { path, source: "PATH" };
  }
  try {
    const { path } = createRequire(import.meta.url)("@ffmpeg-installer/ffmpeg") as { path: string };
    if (isExecutable(path)) return { path, source: "@ffmpeg-installer/ffmpeg" };
  } catch {
    // Not installed, or not for this platform: it throws a string then.
  }
  throw new Error(`no ffmpeg found: ${HOW_TO_GET}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export type FfmpegResult = {
  readonly code: number;
  readonly stdout: Uint8Array;
  /** What ffmpeg said at level error. */
  readonly stderr: string;
};

/** Runs ffmpeg quietly; an abort kills it. */
export async function runFfmpeg(
  ffmpeg: Ffmpeg,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<FfmpegResult> {
  const all = ["-nostdin", "-hide_banner", "-v", "error", ...args];
  const child = spawn(ffmpeg.path, all, {
    stdio: ["ignore", "pipe", "pipe"],
    ...(signal && { signal }),
    killSignal: "SIGKILL",
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const code = await new Promise<number>((done, fail) => {
    child.on("error", fail);
    child.on("close", (status) => done(status ?? -1));
  });
  return {
    code,
    stdout: Buffer.concat(stdout),
    stderr: Buffer.concat(stderr).toString("utf8"),
  };
}

/** An input argument that only ever reads that local file, whatever its name or content says. */
export function inputFile(path: string): string[] {
  return ["-protocol_whitelist", "file", "-i", `file:${path}`];
}

/**
 * The option that hands every decoded frame on as it is, neither doubled nor dropped to a constant
 * rate: `-vsync` until FFmpeg 5.1 replaced it.
 */
export async function passThrough(ffmpeg: Ffmpeg): Promise<string[]> {
  const known = syncOptions.get(ffmpeg.path);
  if (known) return known;
  const { stdout } = await runFfmpeg(ffmpeg, ["-version"]);
  const option = hasFpsMode(Buffer.from(stdout).toString("utf8"))
    ? ["-fps_mode", "passthrough"]
    : ["-vsync", "0"];
  syncOptions.set(ffmpeg.path, option);
  return option;
}

/** What a binary answered; it does not change while it runs. */
const syncOptions = new Map<string, string[]>();

/** Whether the first line of `ffmpeg -version` is of 5.1 or later. Nightly builds carry no number: they are taken for old. */
export function hasFpsMode(version: string): boolean {
  const match = /^ffmpeg version n?(\d+)\.(\d+)/.exec(version);
  if (!match) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > 5 || (major === 5 && minor >= 1);
}
