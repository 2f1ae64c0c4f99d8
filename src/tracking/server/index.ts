/**
 * @file A tracking server that every MLflow client can log to.
 *
 *     const store = RunWriter.open(".rzenlab/store");
 *     const app = createTrackingServer({ store, extend: mountUi });
 *     await app.listen({ port: 5000, host: "127.0.0.1" });
 *     ...
 *     await app.close(); // answers what it took, then
 *     store.close();
 *
 * MLflow's endpoints answer under /api/2.0/mlflow, /ajax-api/2.0/mlflow and the same with 3.0;
 * artifacts under /api/2.0/mlflow-artifacts, kept in `<store>/artifacts`. GET /api/live is a stream
 * of server-sent events (live.ts); GET /health and /version are plain text.
 *
 * `extend(app)` gets a Fastify scope of its own, behind the same checks of host, origin and token:
 * routes, hooks and plugins added there (@fastify/static, `app.get("/api/ui/...")`) touch nothing
 * else. It may return a handler for the GET paths outside /api that no route matches: the place for
 * a single-page application to send its index.html. Errors thrown in routes become MLflow's JSON;
 * throw `ApiError` for a client's mistake. Reads may use `store` at once; slow ones block the server.
 */
export {
  createTrackingServer,
  MLFLOW_VERSION,
  type PageHandler,
  type TrackingServerOptions,
} from "./app.ts";
export { ApiError, type ErrorCode } from "./errors.ts";
export { type Role } from "./context.ts";
export { isLoopback } from "./guard/origin.ts";
export { AccessTokens, type TokenInfo } from "./guard/tokens.ts";
export { backupStore, restoreStore } from "./backup.ts";
