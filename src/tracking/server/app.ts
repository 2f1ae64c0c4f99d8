/** @file The server: routes of all groups on one Fastify instance. */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { StoreError } from "../error.ts";
import { installRegexp } from "../search/index.ts";
import type { RunWriter } from "../writer.ts";
import { GroupCommit } from "./commit.ts";
import type { Context, Handler, Route } from "./context.ts";
import { DocumentKeeper } from "./documents.ts";
import { ApiError, toApiError } from "./errors.ts";
import { Fields } from "./fields.ts";
import { type GuardOptions, installGuard } from "./guard/guard.ts";
import { LiveFeed } from "./live.ts";
import { Readers } from "./reader-thread.ts";
import { acceptFiles, artifactRoutes, fileRoutes } from "./routes/artifacts.ts";
import { assessmentRoutes } from "./routes/assessments.ts";
import { bulkRoutes } from "./routes/bulk.ts";
import { datasetRoutes } from "./routes/datasets.ts";
import { experimentRoutes } from "./routes/experiments.ts";
import { logRoutes } from "./routes/log.ts";
import { metricRoutes } from "./routes/metrics.ts";
import { modelRoutes } from "./routes/models.ts";
import { Registry } from "./routes/registry-rows.ts";
import { registryRoutes } from "./routes/registry.ts";
import { runRoutes } from "./routes/runs.ts";
import { scorerRoutes } from "./routes/scorers.ts";
import { installSpans } from "./routes/spans.ts";
import { traceRoutes } from "./routes/traces.ts";
import { versionRoutes } from "./routes/versions.ts";
import { registryTeller, webhookRoutes } from "./routes/webhooks.ts";
import { Deliveries, type WebhookOptions } from "./webhooks/deliver.ts";

/** The MLflow release whose API this is: clients choose their requests by it. */
export const MLFLOW_VERSION = "3.6.0";

/** Long series move from rows into chunks one at a time, each some tens of milliseconds. */
const SEAL_EVERY_MS = 1_000;
const MAX_JSON_BYTES = 32 << 20;
const MAX_ARTIFACT_BYTES = 64 * 2 ** 30;
const PREFIXES = [
  "/api/2.0/mlflow",
  "/ajax-api/2.0/mlflow",
  "/api/3.0/mlflow",
  "/ajax-api/3.0/mlflow",
];

/** Answers what no route of `extend` answers, such as the paths of a single-page application. */
export type PageHandler = (request: FastifyRequest, reply: FastifyReply) => unknown;

export type TrackingServerOptions = GuardOptions & {
  /** Open for writing; it stays the caller's to close, after the server. */
  readonly store: RunWriter;
  readonly maxArtifactBytes?: number;
  /** Told of failures that are the server's own. */
  readonly onError?: (error: unknown, request: FastifyRequest) => void;
  /** Adds routes in a scope of their own; see `index.ts`. */
  readonly extend?: (app: FastifyInstance) => void | PageHandler | Promise<void | PageHandler>;
  /** Runs from which on long reads have a thread of their own. Default 2,000. */
  readonly largeFrom?: number;
  readonly webhooks?: WebhookOptions;
  readonly now?: () => number;
};

export function createTrackingServer(options: TrackingServerOptions): FastifyInstance {
  const { store, maxArtifactBytes = MAX_ARTIFACT_BYTES, now = Date.now, onError, extend } = options;
  const { largeFrom, webhooks = {} } = options;
  const live = new LiveFeed();
  const commits = new GroupCommit(store.connection, () => live.commit());
  const write: Context["write"] = (work) => commits.write(work);
  const documents = new DocumentKeeper({ connection: store.connection, write });
  const readers = new Readers(store.folder, store.connection, largeFrom);
  const context: Context = {
    store,
    connection: store.connection,
    write,
    read: async (reply, kind, query) => {
      const { body, missing } = await readers.read(kind, query);
      documents.keep(missing);
      void reply.type("application/json; charset=utf-8");
      return typeof body === "string" ? body : Buffer.from(body.buffer);
    },
    now,
    announce: (change) => live.stage(change),
  };
  const deliveries = new Deliveries(webhooks);
  installRegexp(store.connection);
  makeDefaultExperiment(context);

  const app = Fastify({
    bodyLimit: MAX_JSON_BYTES,
    routerOptions: { maxParamLength: 4_096 },
    exposeHeadRoutes: true,
  });
  app.setErrorHandler((error, request, reply) => {
    const told = toApiError(error);
    if (told.status === 500) onError?.(error, request);
    void reply.code(told.status).send({ error_code: told.code, message: told.message });
  });
  installGuard(app, store, options);
  acceptJson(app);

  let pages: PageHandler | undefined;
  app.setNotFoundHandler((request, reply) => {
    if (pages && request.method === "GET" && !/^\/(?:ajax-)?api\//.test(request.url)) {
      return pages(request, reply);
    }
    const path = request.url.split("?", 1)[0];
    throw new ApiError("ENDPOINT_NOT_FOUND", `No endpoint ${request.method} ${path}`);
  });

  app.get("/health", (_, reply) => reply.type("text/plain").send("OK"));
  app.get("/version", (_, reply) => reply.type("text/plain").send(MLFLOW_VERSION));
  app.get("/api/live", (request, reply) => live.listen(request, reply));
  for (const { method, path, role, handler } of allRoutes(context, deliveries)) {
    for (const prefix of PREFIXES) {
      app.route({
        method,
        url: prefix + path.replaceAll(/\{(\w+)\}/g, ":$1"),
        config: { role },
        handler: adapt(handler),
      });
    }
  }
  for (const { method, path, role, handler } of bulkRoutes(context)) {
    app.route({ method, url: path, config: { role }, handler: adapt(handler) });
  }
  void app.register(async (scope) => {
    acceptFiles(scope);
    for (const { method, url, role, handler } of fileRoutes(context, maxArtifactBytes)) {
      scope.route({ method, url, config: { role }, handler: adapt(handler) });
    }
  });
  void app.register(async (scope) => installSpans(scope, context));
  if (extend) {
    void app.register(async (scope) => {
      pages = (await extend(scope)) ?? undefined;
    });
  }
  const sealing = setInterval(() => sealSome(store), SEAL_EVERY_MS).unref();
  app.addHook("preClose", async () => {
    clearInterval(sealing);
    documents.close();
    deliveries.close();
    live.close();
  });
  app.addHook("onClose", () => readers.close());
  return app;
}

function allRoutes(context: Context, deliveries: Deliveries): Route[] {
  const registry = new Registry(context);
  const tell = registryTeller(context, deliveries);
  return [
    ...experimentRoutes(context),
    ...runRoutes(context),
    ...logRoutes(context),
    ...metricRoutes(context),
    ...artifactRoutes(context),
    ...modelRoutes(context),
    ...registryRoutes(context, registry, tell),
    ...versionRoutes(context, registry, tell),
    ...webhookRoutes(context, deliveries),
    ...traceRoutes(context),
    ...assessmentRoutes(context),
    ...datasetRoutes(context),
    ...scorerRoutes(context),
  ];
}

/** GET has its fields in the query, the others in the body; those of the path come on top. */
function adapt(handler: Handler) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const inQuery = request.method === "GET" || request.method === "HEAD";
    let fields = new Fields(inQuery ? request.query : plain(request.body));
    const { "*": _, ...params } = request.params as Record<string, unknown>;
    if (Object.keys(params).length > 0) fields = fields.with(params);
    return handler({ fields, request, reply });
  };
}

/** In scopes whose bodies are streams there are no fields. */
function plain(body: unknown): unknown {
  return typeof body === "object" &&
    body !== null &&
    "pipe" in body &&
    typeof body.pipe === "function"
    ? undefined
    : body;
}

function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_, body, done) => {
    if (body === "") return done(null, undefined);
    try {
      done(null, JSON.parse(body as string));
    } catch (error) {
      // Python's json writes NaN and Infinity as bare words, which are not JSON.
      const hint = /[:[,]\s*-?(?:NaN|Infinity)\b/.test(body as string)
        ? ' (send NaN and infinities as the strings "NaN", "Infinity", "-Infinity")'
        : "";
      const text = `The request body is not JSON: ${(error as Error).message}${hint}`;
      done(new ApiError("BAD_REQUEST", text, { cause: error }), undefined);
    }
  });
  app.addContentTypeParser("*", (request, payload, done) => {
    payload.resume();
    const got = request.headers["content-type"] ?? "none";
    const text = `Bad Request. Content-Type header must be one of ['application/json'], got ${got}.`;
    done(new ApiError("INVALID_PARAMETER_VALUE", text), undefined);
  });
}

function sealSome(store: RunWriter): void {
  try {
    store.seal();
  } catch (error) {
    // A full disk or a lock held by another process: rows stay rows until the next try.
    if (!(error instanceof StoreError)) throw error;
  }
}

/** Runs that name no experiment go to experiment 0, as every client expects. */
function makeDefaultExperiment({ connection, now }: Context): void {
  connection.transact("make experiment 0", () =>
    connection
      .prepare(
        "INSERT OR IGNORE INTO experiments (id, name, created_at, updated_at) VALUES (0, 'Default', ?, ?)",
      )
      .run(now(), now()),
  );
}
