/**
 * @file A Vulkan driver that computes on the CPU, so that WebGPU runs without a GPU: SwiftShader and
 * Vulkan's loader, as @sparticuz/chromium brings them for its browser (Linux x64).
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

export const hasSwiftShader = process.platform === "linux" && process.arch === "x64";

/**
 * Unpacks both into `folder` and returns the variables by which a process finds them. They must be
 * set when it starts: the system's linker reads LD_LIBRARY_PATH only then.
 */
export function unpackSwiftShader(folder: string): Record<string, string> {
  const chromium = createRequire(import.meta.url).resolve("@sparticuz/chromium");
  const archive = join(dirname(chromium), "..", "bin", "swiftshader.tar.br");
  mkdirSync(folder, { recursive: true });
  for (const { name, bytes } of tarEntries(brotliDecompressSync(readFileSync(archive)))) {
    writeFileSync(join(folder, name), bytes, { mode: 0o755 });
  }
  return {
    LD_LIBRARY_PATH: folder,
    VK_DRIVER_FILES: join(folder, "vk_swiftshader_icd.json"),
  };
}

/** Blocks of 512 bytes: a header with name and size in octal, then the contents. */
function* tarEntries(tar: Buffer): Generator<{ readonly name: string; readonly bytes: Buffer }> {
  for (let at = 0; tar[at] !== undefined && tar[at] !== 0;) {
    const text = (from: number, length: number): string =>
      tar.toString("utf8", at + from, at + from + length).split("\0")[0]!;
    const size = Number.parseInt(text(124, 12), 8);
    yield { name: text(0, 100), bytes: tar.subarray(at + 512, at + 512 + size) };
    at += 512 * (1 + Math.ceil(size / 512));
  }
}
