/** @file The pages' JSON over a store, without pages and without statistics. */
import type { FastifyInstance } from "fastify";
import type { RunWriter } from "../../src/tracking/index.ts";
import { createTrackingServer } from "../../src/tracking/server/index.ts";
import { type ReportSource, registerUi } from "../../src/ui/server/index.ts";

const never = (): never => {
  throw new Error("is not asked for");
};

/** @param report what is asked for an experiment's report */
export async function uiOver(
  store: RunWriter,
  report: ReportSource["report"] = never,
): Promise<FastifyInstance> {
  const reports = { report, queries: never, html: never };
  const app = createTrackingServer({
    store,
    extend: (scope) => registerUi(scope, { store, reports, appFolder: store.folder }),
  });
  await app.ready();
  return app;
}
