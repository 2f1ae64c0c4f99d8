/** @file Tells open pages that the store has changed, whichever process wrote. */
import type { FastifyInstance } from "fastify";
import type { RunReader } from "../../tracking/index.ts";

const POLL_MS = 500;

/**
 * Server-sent events: `changed` with the store's version whenever anyone committed. SQLite counts
 * commits itself, so nothing has to be told to anyone. The tracking server's own feed (/api/live) says
 * which runs changed, but only of what came in through it: a training in another process writes to the
 * file, and pages have to see that.
 */
export function liveRoutes(app: FastifyInstance, store: RunReader): void {
  app.get("/api/ui/live", (request, reply) => {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    let last = versionOf(store);
    raw.write(`retry: 2000\nevent: open\ndata: ${last}\n\n`);
    const timer = setInterval(() => {
      const version = versionOf(store);
      if (version === last) return;
      last = version;
      raw.write(`event: changed\ndata: ${version}\n\n`);
    }, POLL_MS);
    request.raw.once("close", () => clearInterval(timer));
  });
}

/** Commits of other connections, and rows changed by this one: the two that SQLite counts. */
export function versionOf({ connection: { sql } }: RunReader): string {
  const others = sql.pragma("data_version", { simple: true }) as number;
  const own = sql.prepare("SELECT total_changes()").pluck().get() as number;
  return `${others}.${own}`;
}
