/** @file Files of a run: where they may lie, and how they get there whole. */
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname, join, sep } from "node:path";
import { StoreError } from "./error.ts";
import { invalid } from "./validate.ts";

const MAX_PATH = 1_000;
const MAX_SEGMENT = 250;
const CHUNK_BYTES = 1 << 20;
/** Names of files on their way; never legal as an artifact's own. */
const TEMPORARY = ".writing-";

/**
 * Refuses every path that is not a plain relative one: absolute, `..`, backslashes, drive letters,
 * control characters, empty or over-long segments.
 */
export function checkArtifactPath(path: string): void {
  const rule = (text: string) => invalid("artifact path", path, text);
  if (typeof path !== "string" || path === "" || path.length > MAX_PATH) {
    throw rule(`1 to ${MAX_PATH} characters`);
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what it refuses
  if (/[\u0000-\u001f\u007f\\]/.test(path) || /^[A-Za-z]:/.test(path)) {
    throw rule("without backslashes, control characters and drive letters");
  }
  for (const segment of path.split("/")) {
    if (segment === "" || segment === "." || segment === "..") {
      throw rule("relative, without empty, . or .. segments");
    }
    if (Buffer.byteLength(segment) > MAX_SEGMENT || segment.startsWith(TEMPORARY)) {
      throw rule(`of segments up to ${MAX_SEGMENT} bytes that do not start with ${TEMPORARY}`);
    }
  }
}

/** Absolute path of an artifact. Fails if a link on the way leads out of the run's folder. */
export function resolveArtifact(runFolder: string, path: string): string {
  checkArtifactPath(path);
  const full = join(runFolder, ...path.split("/"));
  const root = realOf(runFolder);
  for (let at = full; at !== runFolder; at = dirname(at)) {
    const real = realOf(at);
    if (real !== undefined && real !== root && !real.startsWith(`${root}${sep}`)) {
      const text = `artifact path ${JSON.stringify(path)}: ${at} is a link out of the run's folder`;
      throw new StoreError("INVALID", text);
    }
  }
  return full;
}

/** Where an artifact's content comes from: bytes, text, or a file to copy. */
export type ArtifactSource = Uint8Array | string | { readonly file: string };

/**
 * Puts the content at `path` below `runFolder`: written beside its place, synced, renamed. A reader
 * sees the old file or the new one, never a part.
 */
export function writeArtifact(
  runFolder: string,
  path: string,
  source: ArtifactSource,
): { readonly bytes: number; readonly sha256: string } {
  mkdirSync(runFolder, { recursive: true });
  const target = resolveArtifact(runFolder, path);
  mkdirSync(dirname(target), { recursive: true });
  const temporary = join(dirname(target), `${TEMPORARY}${randomBytes(8).toString("hex")}`);
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    const out = openSync(temporary, "wx");
    try {
      for (const chunk of chunksOf(path, source)) {
        for (let at = 0; at < chunk.length;) at += writeSync(out, chunk, at);
        hash.update(chunk);
        bytes += chunk.length;
      }
      fsyncSync(out);
    } finally {
      closeSync(out);
    }
    renameSync(temporary, target);
    syncFolder(dirname(target));
  } catch (error) {
    rmSync(temporary, { force: true });
    if (error instanceof StoreError) throw error;
    const text = `artifact ${path}: writing ${target} failed: ${(error as Error).message}`;
    throw new StoreError("IO", text, { cause: error });
  }
  return { bytes, sha256: hash.digest("hex") };
}

function* chunksOf(path: string, source: ArtifactSource): Generator<Uint8Array> {
  if (typeof source === "string") yield Buffer.from(source);
  else if (source instanceof Uint8Array) yield source;
  else yield* chunksOfFile(path, source.file);
}

function* chunksOfFile(path: string, file: string): Generator<Uint8Array> {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (error) {
    const text = `artifact ${path}: cannot read ${file}: ${(error as Error).message}`;
    throw new StoreError("NOT_FOUND", text, { cause: error });
  }
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let got = readSync(handle, buffer); got > 0; got = readSync(handle, buffer)) {
      yield buffer.subarray(0, got);
    }
  } finally {
    closeSync(handle);
  }
}

/** A rename is on disk once its folder is. Windows cannot sync folders and does not need it. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // not there yet
  }
}
