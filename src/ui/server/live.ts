/** @file Tells open pages that the store has changed, whichever process wrote. */
import type { FastifyInstance } from "fastify";
import type { RunReader } from "../../tracking/index.ts";

const POLL_MS = 500;

/**
 * Server-sent events: `changed` with the store's version whenever another connection committed.
 * SQLite counts commits itself (PRAGMA data_version), so nothing has to be told to anyone.
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

function versionOf(store: RunReader): number {
  return store.connection.sql.pragma("data_version", { simple: true }) as number;
}
