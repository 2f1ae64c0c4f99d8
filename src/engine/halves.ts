/** @file 16-bit floats <-> float32. */

const scratch = new Float32Array(1);
const bits = new Uint32Array(scratch.buffer);

/** number -> bfloat16 bits, to nearest, ties to even; NaN stays NaN. */
export function encodeBfloat16(value: number): number {
  scratch[0] = value;
  const word = bits[0]!;
  if (Number.isNaN(value)) return (word >>> 16) | 0x40;
  return ((word + 0x7fff + ((word >>> 16) & 1)) >>> 16) & 0xffff;
}

/** float16 bits -> number. */
export function decodeFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** number -> float16 bits, to nearest, ties to even; too large becomes infinite. */
export function encodeFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size || 1e-30)));
  const step = 2 ** (exponent - 10); // between neighbours of this size
  const steps = roundEven(size / step);
  return sign | (exponent === -14 && steps < 1024 ? steps : ((exponent + 15) << 10) + steps - 1024);
}

function roundEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
