/** @file Typed arrays and tensors: shape, type, range and the first values instead of all of them. */
import type { Renderer } from "./index.ts";

type NumberArray = ArrayLike<number> &
  ArrayBufferView & { subarray(from: number, to: number): Iterable<number> };

const SHOWN = 12;

function isTypedArray(value: unknown): value is NumberArray {
  return (
    ArrayBuffer.isView(value) &&
    !(value instanceof DataView) &&
    !(value instanceof BigInt64Array) &&
    !(value instanceof BigUint64Array)
  );
}

/** A value with a shape and its numbers in a row, as most array libraries have it. */
function asTensor(
  value: unknown,
): { shape: number[]; data: NumberArray; dtype: string } | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (isTypedArray(value)) return { shape: [value.length], data: value, dtype: dtypeOf(value) };
  const { shape, dims, data, dtype } = value as Record<string, unknown>;
  const sizes = shape ?? dims;
  if (
    !Array.isArray(sizes) ||
    !sizes.every((size) => Number.isInteger(size)) ||
    !isTypedArray(data)
  ) {
    return undefined;
  }
  if (sizes.reduce((product: number, size: number) => product * size, 1) !== data.length)
    return undefined;
  return {
    shape: sizes as number[],
    data,
    dtype: typeof dtype === "string" ? dtype : dtypeOf(data),
  };
}

const dtypeOf = (data: NumberArray): string =>
  data.constructor.name
    .replace("Array", "")
    .replace("Clamped", "")
    .replace("Buffer", "Uint8")
    .toLowerCase();

const short = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));

export const numbers: Renderer = (value) => {
  const tensor = asTensor(value);
  if (tensor === undefined) return undefined;
  const { shape, data, dtype } = tensor;
  const name = value instanceof Object ? value.constructor.name : "Tensor";
  const first = Array.from(data.subarray(0, SHOWN), short).join(", ");
  const more = data.length > SHOWN ? `, … ${data.length - SHOWN} more` : "";
  const text = `${name} ${dtype} [${shape.join(", ")}]  ${summary(data)}\n[${first}${more}]`;
  return { "text/plain": text };
};

function summary(data: NumberArray): string {
  if (data.length === 0) return "empty";
  let [min, max, sum, finite] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < data.length; i++) {
    const each = data[i]!;
    if (!Number.isFinite(each)) continue;
    min = Math.min(min, each);
    max = Math.max(max, each);
    sum += each;
    finite++;
  }
  if (finite === 0) return `no finite values among ${data.length}`;
  const odd = data.length - finite;
  const range = `min ${short(min)}, mean ${short(sum / finite)}, max ${short(max)}`;
  return odd > 0 ? `${range}, ${odd} not finite` : range;
}
