/** @file Fetches again what is on screen when the store has changed. */
import type { QueryClient } from "@tanstack/react-query";

/** At most one refresh in this time, however fast runs log. */
const EVERY_MS = 2_000;

export function followStore(cache: QueryClient): void {
  let waiting = false;
  const events = new EventSource("/api/ui/live");
  events.addEventListener("changed", () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      void cache.invalidateQueries();
    }, EVERY_MS);
  });
}
