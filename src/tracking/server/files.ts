/** @file Files of a Place: list, stream in, stream out, delete. */
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, extname, join, posix } from "node:path";
import type { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { resolveArtifact } from "../artifacts.ts";
import { StoreError } from "../error.ts";
import { ApiError, missing } from "./errors.ts";
import type { Place } from "./places.ts";

/** Same mark as the store's: names of files on their way. */
const TEMPORARY = ".writing-";

export type FileInfo = {
  readonly path: string;
  readonly is_dir: boolean;
  readonly file_size?: number;
};

function fullPath({ folder, path }: Place): string {
  return path === "" ? folder : resolveArtifact(folder, path);
}

/** Entries of a folder, their paths below `prefix`; none if it is no folder. */
export async function listFiles(place: Place, prefix: string): Promise<FileInfo[]> {
  const folder = fullPath(place);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const infos = entries
    .filter((entry) => !entry.name.startsWith(TEMPORARY) && (entry.isFile() || entry.isDirectory()))
    .map(async (entry): Promise<FileInfo> => {
      const path = posix.join(prefix, entry.name);
      if (entry.isDirectory()) return { path, is_dir: true };
      return { path, is_dir: false, file_size: (await stat(join(folder, entry.name))).size };
    });
  return (await Promise.all(infos)).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Writes beside the place, syncs, renames: a reader sees the old file or the new one. */
export async function receiveFile(
  place: Place,
  body: Readable,
  maxBytes: number,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  await mkdir(place.folder, { recursive: true });
  const target = fullPath(place);
  const temporary = join(dirname(target), `${TEMPORARY}${randomBytes(8).toString("hex")}`);
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    await mkdir(dirname(target), { recursive: true });
    const file = await open(temporary, "wx");
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > maxBytes) {
          throw new ApiError("BAD_REQUEST", `An artifact may have at most ${maxBytes} bytes`);
        }
        hash.update(chunk);
        for (let at = 0; at < chunk.length;) at += (await file.write(chunk, at)).bytesWritten;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // its folder may be a file
    throw ofFileSystem(error, place.path);
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Removes a file, or a folder with all in it. */
export async function removeFile(place: Place): Promise<void> {
  const path = fullPath(place);
  const found = await stat(path).catch(() => undefined);
  if (!found) throw missing(`No such artifact: '${place.path}'`);
  await rm(path, { recursive: true, force: true });
}

/** Answers with a file, or the asked-for range of it, in a way that no browser runs it. */
export async function sendFile(
  place: Place,
  request: FastifyRequest,
  reply: FastifyReply,
  { inline = false }: { readonly inline?: boolean } = {},
): Promise<FastifyReply> {
  const path = fullPath(place);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw missing(`No such artifact: '${place.path}'`);
  const type = TYPES[extname(path).toLowerCase()] ?? "application/octet-stream";
  const name = encodeURIComponent(posix.basename(place.path));
  void reply.headers({
    "content-type": type,
    "content-disposition": `${inline ? "inline" : "attachment"}; filename*=UTF-8''${name}`,
    "x-content-type-options": "nosniff",
    // Without scripts, forms and our origin, whatever the file holds.
    "content-security-policy":
      "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; media-src 'self'",
    "accept-ranges": "bytes",
    "cache-control": "private, no-cache",
    "last-modified": found.mtime.toUTCString(),
  });
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (!range || (range[1] === "" && range[2] === "")) {
    void reply.header("content-length", found.size);
    return reply.send(createReadStream(path));
  }
  const suffix = range[1] === "";
  const start = suffix ? Math.max(0, found.size - Number(range[2])) : Number(range[1]);
  const end =
    suffix || range[2] === "" ? found.size - 1 : Math.min(Number(range[2]), found.size - 1);
  if (start > end) {
    return reply.code(416).header("content-range", `bytes */${found.size}`).send("");
  }
  void reply.code(206).headers({
    "content-range": `bytes ${start}-${end}/${found.size}`,
    "content-length": end - start + 1,
  });
  return reply.send(createReadStream(path, { start, end }));
}

function ofFileSystem(error: unknown, path: string): unknown {
  if (error instanceof StoreError || error instanceof ApiError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new StoreError("FULL", `artifact ${path}: no space left`, { cause: error });
  }
  // A file stands where a folder should be, or the other way round; or a name the disk cannot hold.
  if (["ENOTDIR", "EISDIR", "EEXIST", "ENOTEMPTY", "ENAMETOOLONG"].includes(code ?? "")) {
    return new ApiError(
      "INVALID_PARAMETER_VALUE",
      `Invalid path: '${path}' cannot be written (${code})`,
      { cause: error },
    );
  }
  if (code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE") {
    return new ApiError("BAD_REQUEST", `artifact ${path}: the upload broke off`, { cause: error });
  }
  return new StoreError("IO", `artifact ${path}: ${(error as Error).message}`, { cause: error });
}

const TYPES: Readonly<Record<string, string>> = {
  ".txt": "text/plain; charset=utf-8",
  ".log": "text/plain; charset=utf-8",
  ".md": "text/plain; charset=utf-8",
  ".py": "text/plain; charset=utf-8",
  ".yaml": "text/plain; charset=utf-8",
  ".yml": "text/plain; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".tsv": "text/tab-separated-values; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".jsonl": "application/x-ndjson; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".htm": "text/html; charset=utf-8",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".svg": "image/svg+xml",
  ".pdf": "application/pdf",
  ".mp4": "video/mp4",
  ".webm": "video/webm",
  ".mp3": "audio/mpeg",
  ".wav": "audio/wav",
  ".zip": "application/zip",
};
