/** @file Decoding many samples: a bad one is reported by its id, the others go on. */
import { reason } from "../formats/parquet.ts";

/** A sample that failed, and why. */
export type SampleFailure = { readonly id: string; readonly error: Error };

export type BatchResult<T> = {
  /** By id, in the order given. */
  readonly ok: ReadonlyMap<string, T>;
  /** In the order given. `ok` and `failures` together hold every id once. */
  readonly failures: readonly SampleFailure[];
};

export type DecodeBatchOptions = {
  /** Samples in flight at once. Default 4. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
};

/**
 * Runs `decode` over `samples`. No sample is dropped silently: whoever scores must refuse or count
 * the failures.
 */
export async function decodeBatch<S extends { readonly id: string }, T>(
  samples: readonly S[],
  decode: (sample: S) => Promise<T>,
  { concurrency = 4, signal }: DecodeBatchOptions = {},
): Promise<BatchResult<T>> {
  const ids = new Set(samples.map(({ id }) => id));
  if (ids.size !== samples.length) {
    const twice = samples.find(({ id }, i) => samples.findIndex((other) => other.id === id) !== i)!;
    throw new RangeError(`decodeBatch: sample ${twice.id} appears twice`);
  }
  const results = new Map<string, { value: T } | { error: Error }>();
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < samples.length; i = next++) {
      signal?.throwIfAborted();
      const sample = samples[i]!;
      try {
        results.set(sample.id, { value: await decode(sample) });
      } catch (error) {
        results.set(sample.id, {
          error: error instanceof Error ? error : new Error(reason(error)),
        });
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const ok = new Map<string, T>();
  const failures: SampleFailure[] = [];
  for (const { id } of samples) {
    const result = results.get(id)!;
    if ("error" in result) failures.push({ id, error: result.error });
    else ok.set(id, result.value);
  }
  return { ok, failures };
}
