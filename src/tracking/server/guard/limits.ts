/** @file Rate limits by token bucket: so many requests at once, refilled over a minute. */

/** Buckets that are full again are dropped once there are this many. */
const MAX_BUCKETS = 10_000;

export class RateLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Whether `key` has anything left, without taking it. */
  allows(key: string): boolean {
    return this.#refill(key).left >= 1;
  }

  /** Takes one; false when there is none left. */
  take(key: string): boolean {
    const bucket = this.#refill(key);
    if (bucket.left < 1) return false;
    bucket.left--;
    return true;
  }

  #refill(key: string): { left: number; at: number } {
    const now = this.#now();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= MAX_BUCKETS) this.#forget(now);
      bucket = { left: this.#perMinute, at: now };
      this.#buckets.set(key, bucket);
    }
    const earned = ((now - bucket.at) / 60_000) * this.#perMinute;
    bucket.left = Math.min(this.#perMinute, bucket.left + earned);
    bucket.at = now;
    return bucket;
  }

  #forget(now: number): void {
    for (const [key, { at }] of this.#buckets) if (now - at > 60_000) this.#buckets.delete(key);
    if (this.#buckets.size >= MAX_BUCKETS) this.#buckets.clear();
  }
}
