import "vitest";

declare module "vitest" {
  interface Matchers<T> {
    /** Element-wise |a - b| <= atol + rtol * |b|. */
    toBeAllclose(expected: ArrayLike<number>, tolerance?: { rtol?: number; atol?: number }): T;
  }
}
