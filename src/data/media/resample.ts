/** @file Bicubic resizing that equals Pillow's to the bit, as Hugging Face's image processors use it. */

/** RGB rows: [height, width, 3]. */
export type RgbImage = {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
};

/** Fixed point of the coefficients: 8 bits of value and 2 of overshoot are left of 32. */
const PRECISION = 22;
const SUPPORT = 2;

/** For each output position: the first input position, and the taps from there on. */
type Taps = {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Int32Array;
  readonly stride: number;
};

/**
 * Resizes by Keys' cubic (a = -0.5), widened by the factor when shrinking so that nothing is
 * skipped: across first, then down, rounded to bytes in between (Pillow's `resize`, BICUBIC).
 */
export function resizeRgb(image: RgbImage, width: number, height: number): RgbImage {
  const across = image.width === width ? image.data : resizeAcross(image, width);
  if (image.height === height) return { width, height, data: across };
  return { width, height, data: resizeDown({ width, height: image.height, data: across }, height) };
}

function resizeAcross({ width, height, data }: RgbImage, target: number): Uint8Array {
  const { starts, counts, weights, stride } = tapsOf(width, target);
  const out = new Uint8Array(height * target * 3);
  for (let y = 0, o = 0; y < height; y++) {
    const row = y * width * 3;
    for (let x = 0; x < target; x++) {
      let [r, g, b] = [HALF, HALF, HALF];
      let i = row + starts[x]! * 3;
      for (let k = x * stride, end = k + counts[x]!; k < end; k++) {
        const weight = weights[k]!;
        r = (r + Math.imul(data[i]!, weight)) | 0;
        g = (g + Math.imul(data[i + 1]!, weight)) | 0;
        b = (b + Math.imul(data[i + 2]!, weight)) | 0;
        i += 3;
      }
      out[o++] = clip(r);
      out[o++] = clip(g);
      out[o++] = clip(b);
    }
  }
  return out;
}

function resizeDown({ width, height, data }: RgbImage, target: number): Uint8Array {
  const { starts, counts, weights, stride } = tapsOf(height, target);
  const bytes = width * 3;
  const out = new Uint8Array(target * bytes);
  const sums = new Int32Array(bytes);
  for (let y = 0; y < target; y++) {
    sums.fill(HALF);
    for (let k = 0; k < counts[y]!; k++) {
      const weight = weights[y * stride + k]!;
      const row = (starts[y]! + k) * bytes;
      for (let x = 0; x < bytes; x++) sums[x] = (sums[x]! + Math.imul(data[row + x]!, weight)) | 0;
    }
    for (let x = 0; x < bytes; x++) out[y * bytes + x] = clip(sums[x]!);
  }
  return out;
}

const HALF = 1 << (PRECISION - 1);

function clip(sum: number): number {
  const value = sum >> PRECISION;
  if (value < 0) return 0;
  return value > 255 ? 255 : value;
}

const known = new Map<string, Taps>();

/** The taps from `size` to `target` samples; few pairs occur, each is worked out once. */
function tapsOf(size: number, target: number): Taps {
  const key = `${size} ${target}`;
  const taps = known.get(key) ?? makeTaps(size, target);
  known.set(key, taps);
  return taps;
}

function makeTaps(size: number, target: number): Taps {
  const scale = size / target;
  const widened = Math.max(scale, 1);
  const support = SUPPORT * widened;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(target);
  const counts = new Int32Array(target);
  const weights = new Int32Array(target * stride);
  for (let at = 0; at < target; at++) {
    const center = (at + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(size, Math.trunc(center + support + 0.5)) - start;
    const exact = Array.from({ length: count }, (_, k) =>
      cubic((k + start - center + 0.5) / widened),
    );
    const sum = exact.reduce((total, weight) => total + weight, 0);
    for (const [k, weight] of exact.entries()) {
      weights[at * stride + k] = roundHalfAway((weight / sum) * 2 ** PRECISION);
    }
    starts[at] = start;
    counts[at] = count;
  }
  return { starts, counts, weights, stride };
}

function cubic(distance: number): number {
  const x = Math.abs(distance);
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

function roundHalfAway(value: number): number {
  return value < 0 ? Math.trunc(value - 0.5) : Math.trunc(value + 0.5);
}
