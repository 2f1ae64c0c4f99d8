/** @file Matchers every test may use. */
import { expect } from "vitest";

type Numbers = ArrayLike<number>;

expect.extend({
  /** Element-wise |a - b| <= atol + rtol * |b|, naming the worst index. */
  toBeAllclose(received: Numbers, expected: Numbers, { rtol = 1e-5, atol = 1e-8 } = {}) {
    if (received.length !== expected.length) {
      return {
        pass: false,
        message: () => `expected ${expected.length} numbers, got ${received.length}`,
      };
    }
    let worst = -1;
    let excess = 0;
    for (let i = 0; i < expected.length; i++) {
      const over = Math.abs(received[i]! - expected[i]!) - (atol + rtol * Math.abs(expected[i]!));
      if (!(over <= excess)) {
        worst = i;
        excess = Number.isNaN(over) ? Infinity : over;
      }
    }
    return {
      pass: worst === -1,
      message: () =>
        `worst at [${worst}]: got ${received[worst]}, expected ${expected[worst]} (rtol ${rtol}, atol ${atol})`,
    };
  },
});
