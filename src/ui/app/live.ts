/** @file Fetches again what is on screen when the store has changed. */
import type { QueryClient } from "@tanstack/react-query";

/** At most one refresh in this time, however fast runs log. */
const EVERY_MS = 2_000;

export function followStore(cache: QueryClient): void {
  let waiting = false;
  let seen: string | undefined;
  const events = new EventSource("/api/ui/live");
  const heard = ({ data: version }: MessageEvent<string>): void => {
    const isNew = seen !== undefined && seen !== version;
    seen = version;
    if (!isNew || waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      void cache.invalidateQueries();
    }, EVERY_MS);
  };
  events.addEventListener("changed", heard);
  // A connection that was lost comes back with the version of now: what was missed is fetched.
  events.addEventListener("open", (event) => {
    if (event instanceof MessageEvent) heard(event as MessageEvent<string>);
  });
}
