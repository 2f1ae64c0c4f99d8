/** @file One run: what it was, its curves thinned to what a screen shows, its files. */
import { basename, extname } from "node:path";
import { createReadStream, statSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import type { RunReader } from "../../tracking/index.ts";
import { StoreError } from "../../tracking/index.ts";
import { rowOf } from "./experiments.ts";
import type { RunDetail, SeriesPoints } from "./types.ts";

const DEFAULT_POINTS = 2_000;

/** What a browser may show of a run's files; everything else is downloaded. No script runs from any. */
const SHOWN: Readonly<Record<string, string>> = {
  ".json": "application/json; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".log": "text/plain; charset=utf-8",
  ".md": "text/plain; charset=utf-8",
  ".csv": "text/plain; charset=utf-8",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
  ".gif": "image/gif",
  ".svg": "image/svg+xml",
  ".mp4": "video/mp4",
  ".webm": "video/webm",
  ".diff": "text/plain; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".pdf": "application/pdf",
};

type RunParams = { Params: { id: string } };

export function runRoutes(app: FastifyInstance, store: RunReader): void {
  app.get<RunParams>("/api/ui/runs/:id", ({ params: { id } }): RunDetail => detailOf(store, id));
  app.get<RunParams & { Querystring: { key?: string; points?: string } }>(
    "/api/ui/runs/:id/series",
    ({ params: { id }, query: { key = "", points } }): SeriesPoints => {
      const limit = Math.min(
        20_000,
        Math.max(8, Number(points ?? DEFAULT_POINTS) || DEFAULT_POINTS),
      );
      const found = store.thinnedHistory(id, key, { limit });
      return {
        runId: id,
        key,
        points: found.map(({ step, timestamp, value }) => ({
          step,
          timestamp,
          value: Number.isFinite(value) ? value : null,
        })),
      };
    },
  );
  app.get<{ Params: { id: string; "*": string } }>(
    "/api/ui/runs/:id/artifacts/*",
    async ({ params }, reply) => {
      const path = params["*"];
      const file = store.artifactPath(params.id, path);
      if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
        throw new StoreError("NOT_FOUND", `run ${params.id}: no artifact ${path}`);
      }
      const type = SHOWN[extname(path).toLowerCase()];
      // A page among the files is shown without scripts, forms or access to ours.
      void reply.header(
        "content-security-policy",
        "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'",
      );
      void reply.header("content-type", type ?? "application/octet-stream");
      if (type === undefined) {
        void reply.header(
          "content-disposition",
          `attachment; filename*=UTF-8''${encodeURIComponent(basename(path))}`,
        );
      }
      return reply.send(createReadStream(file));
    },
  );
}

function detailOf(store: RunReader, id: string): RunDetail {
  const run = store.run(id);
  const experiment = store.experiment(run.experimentId).name;
  return {
    ...rowOf(run),
    experiment,
    series: store.series(id),
    artifacts: store.artifacts(id),
    evaluations: store.evaluations({ runIds: [id] }),
    inputs: store.inputs(id),
  };
}
