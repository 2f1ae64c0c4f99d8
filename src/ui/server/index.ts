/**
 * @file The tracker's pages: the built browser code and the JSON it fetches, on the tracking server.
 *
 *     createTrackingServer({ store, extend: (app) => registerUi(app, { store, reports, appFolder }) });
 *
 * A page is one file in `src/ui/app/pages` and one route in `src/ui/app/router.tsx`; what it fetches is
 * one file here. Hosts, origins and tokens are checked by the tracking server before anything here.
 */
import type { FastifyInstance } from "fastify";
import fastifyStatic from "@fastify/static";
import type { RunReader } from "../../tracking/index.ts";
import { StoreError } from "../../tracking/index.ts";
import type { ReportSource } from "./ablation.ts";
import { ablationRoutes } from "./ablation.ts";
import { experimentRoutes } from "./experiments.ts";
import { leaderboardRoutes } from "./leaderboard.ts";
import { liveRoutes } from "./live.ts";
import { onnxRoutes } from "./onnx.ts";
import { runRoutes } from "./runs.ts";
import { runTableRoutes } from "./run-table.ts";
import type { Failure } from "./types.ts";

export type { ReportSource } from "./ablation.ts";

export type UiOptions = {
  readonly store: RunReader;
  readonly reports: ReportSource;
  /** Where Vite put the browser code. */
  readonly appFolder: string;
};

/** Scripts come from here alone; charts write styles into their elements. */
const POLICY =
  "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self'; " +
  "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/** Adds the pages to a scope of the tracking server. */
export async function registerUi(
  app: FastifyInstance,
  { store, reports, appFolder }: UiOptions,
): Promise<void> {
  app.addHook("onSend", async (_request, reply) => {
    if (!reply.hasHeader("content-security-policy")) {
      void reply.header("content-security-policy", POLICY);
    }
    void reply.header("x-content-type-options", "nosniff").header("referrer-policy", "no-referrer");
  });
  app.setErrorHandler(async (error: Error & { statusCode?: number }, _request, reply) => {
    const failure: Failure = { error: error.message };
    await reply.code(statusOf(error)).send(failure);
  });
  experimentRoutes(app, store);
  runRoutes(app, store);
  runTableRoutes(app, store);
  onnxRoutes(app, store);
  leaderboardRoutes(app, store);
  ablationRoutes(app, store, reports);
  liveRoutes(app, store);
  await app.register(fastifyStatic, { root: appFolder, wildcard: false });
  // Pages have addresses of their own, which the browser code reads.
  app.get("/ui", (_request, reply) => reply.sendFile("index.html"));
  app.get("/ui/*", (_request, reply) => reply.sendFile("index.html"));
}

function statusOf(error: Error & { statusCode?: number }): number {
  if (error instanceof RangeError) return 400;
  if (error instanceof StoreError) return error.code === "NOT_FOUND" ? 404 : 400;
  if (error.name === "ReportError") return 409;
  return error.statusCode ?? 500;
}
