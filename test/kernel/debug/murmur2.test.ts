import { expect, test } from "vitest";
import { HASH_SEED } from "../../../src/kernel/debug/sources.ts";
import { murmur2 } from "../../../src/kernel/debug/murmur2.ts";

/** From MurmurHash2 of smhasher's MurmurHash2.cpp, compiled with gcc 12: text, with seed 0, with the kernel's seed. */
const REFERENCE: readonly (readonly [string, number, number])[] = [
  ["", 0, 0xedd39288],
  ["a", 0x92685f5e, 0x8129eeee],
  ["ab", 0x1aa14063, 0xa73301b9],
  ["abc", 0x13577c9b, 0xc7bbdbb5],
  ["abcd", 0x26873021, 0x2ff70f61],
  ["let ü = 1;\n", 0x7b900aca, 0x4da19c14],
  ["enum Split { train }", 0x3d41c7a6, 0x6a1d18c3],
];

test.each(REFERENCE)("%j hashes as front ends compute it", (text, zero, seeded) => {
  expect(murmur2(text, 0)).toBe(zero);
  expect(murmur2(text, HASH_SEED)).toBe(seeded);
});
