/** @file MurmurHash2, by which JupyterLab names a cell's text in its debugger. */
const M = 0x5bd1e995;

/** 32 bits of `text` in UTF-8. */
export function murmur2(text: string, seed: number): number {
  const data = Buffer.from(text);
  let hash = (seed ^ data.length) >>> 0;
  let at = 0;
  for (; at + 4 <= data.length; at += 4) {
    let block = Math.imul(data.readUInt32LE(at), M);
    block ^= block >>> 24;
    hash = Math.imul(hash, M) ^ Math.imul(block, M);
  }
  if (at < data.length) {
    for (let i = data.length - 1; i >= at; i--) hash ^= data[i]! << (8 * (i - at));
    hash = Math.imul(hash, M);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return (hash ^ (hash >>> 15)) >>> 0;
}
