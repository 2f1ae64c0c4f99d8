import { expect, test } from "vitest";
import { surviveKills } from "../../soak/kills.ts";
import { freshFolder } from "../support.ts";

test(
  "a server killed at random moments loses no point of the clients that write to it",
  { timeout: 300_000 }, // seconds on a quiet machine; a server can take seconds to start on a busy one
  async () => {
    const { kills, buffered, single, integrity } = await surviveKills(5, freshFolder());
    expect(kills).toBe(5);
    expect(buffered.logged).toBeGreaterThan(0);
    expect(buffered.stored).toBe(buffered.logged);
    expect(single.acknowledged).toBeGreaterThan(0);
    expect(single.lost).toBe(0);
    expect(single.stored).toBeLessThanOrEqual(single.sent);
    expect(integrity).toBe("ok");
  },
);
