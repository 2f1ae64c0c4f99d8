/**
 * @file Many runs in few letters, for addresses: serial numbers in order, as gaps and lengths of stretches.
 *
 * `~` and then base64url of varints: twice the gap for a run alone; for neighbours one more, and then how
 * many follow the first. Neighbours cost nothing, a scattered run a byte or two.
 */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function encodeRuns(serials: readonly number[]): string {
  const sorted = [...new Set(serials)].sort((a, b) => a - b);
  const bytes: number[] = [];
  let end = 0;
  for (let i = 0; i < sorted.length;) {
    const first = sorted[i]!;
    let last = first;
    while (sorted[++i] === last + 1) last++;
    pushVarint(bytes, (first - end) * 2 + Number(last > first));
    if (last > first) pushVarint(bytes, last - first);
    end = last + 1;
  }
  return `~${base64(bytes)}`;
}

/** @throws RangeError for what `encodeRuns` doesn't write */
export function decodeRuns(code: string, most = 1_000_000): number[] {
  const bytes = bytesOf(code);
  const serials: number[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 49) throw damaged(code);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  for (let end = 0; at < bytes.length;) {
    const gap = varint();
    const first = end + Math.floor(gap / 2);
    end = first + (gap % 2 === 1 ? varint() : 0) + 1;
    if (serials.length + end - first > most) throw damaged(code);
    for (let serial = first; serial < end; serial++) serials.push(serial);
  }
  return serials;
}

function damaged(code: string): RangeError {
  const shown = code.length > 40 ? `${code.slice(0, 37)}...` : code;
  return new RangeError(
    `runs: expected run ids with commas between, or the code of an address, got "${shown}"`,
  );
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
}

function base64(bytes: readonly number[]): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b = 0, c = 0] = bytes.slice(i, i + 3) as [number, number?, number?];
    const word = (a << 16) | (b << 8) | c;
    const known = Math.min(3, bytes.length - i) + 1;
    for (let k = 0; k < known; k++) text += LETTERS[(word >> (18 - 6 * k)) & 63];
  }
  return text;
}

function bytesOf(code: string): number[] {
  if (!code.startsWith("~")) throw damaged(code);
  const bytes: number[] = [];
  let word = 0;
  let bits = 0;
  for (const letter of code.slice(1)) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) throw damaged(code);
    word = ((word << 6) | value) & 0xff_ff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((word >> bits) & 0xff);
  }
  return bytes;
}
