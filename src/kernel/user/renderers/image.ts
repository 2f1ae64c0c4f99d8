/** @file Bytes of a picture, known by how they begin. */
import { Buffer } from "node:buffer";
import type { Renderer } from "./index.ts";

const ascii = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.subarray(from, to)).toString("latin1");

/** MIME type of encoded image bytes, of the kinds that browsers show. */
export function imageType(bytes: Uint8Array): string | undefined {
  if (ascii(bytes, 0, 8) === "\u0089PNG\r\n\u001a\n") return "image/png";
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return "image/jpeg";
  if (/^GIF8[79]a$/.test(ascii(bytes, 0, 6))) return "image/gif";
  if (ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 12) === "WEBP") return "image/webp";
  if (/^\s*(<\?xml[^>]*>\s*)?<svg[\s>]/.test(ascii(bytes, 0, 512))) return "image/svg+xml";
  return undefined;
}

export const image: Renderer = (value) => {
  if (!(value instanceof Uint8Array) || value.length < 12) return undefined;
  const type = imageType(value);
  if (type === undefined) return undefined;
  const data = type === "image/svg+xml" ? Buffer.from(value).toString("utf8") : value;
  return {
    [type]: data,
    "text/plain": `${type.replace("image/", "")} image, ${value.length} bytes`,
  };
};
