/** @file Every request passes here: host, origin, rate, token, role; every change is written down. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { RunWriter } from "../../writer.ts";
import { type Role, ROLES } from "../context.ts";
import { ApiError } from "../errors.ts";
import { AuditLog } from "./audit.ts";
import { RateLimit } from "./limits.ts";
import { checkOrigin, SECURITY_HEADERS } from "./origin.ts";
import { AccessTokens, type Caller, credentials } from "./tokens.ts";

export type GuardOptions = {
  /** Whether callers need a token of the store; default no, which is for loopback only. */
  readonly auth?: boolean;
  /** Names besides loopback's that the server answers to. */
  readonly allowedHosts?: readonly string[];
  /** Requests a minute from one address; default no limit. */
  readonly requestsPerMinute?: number;
};

/** Wrong tokens a minute from one address: argon2 takes time that a guesser must not have. */
const FAILURES_PER_MINUTE = 30;
const OPEN_PATHS = new Set(["/health", "/version"]);
/** Too many to write down, and the store itself is their record. */
const UNAUDITED = /\/runs\/(?:log-metric|log-batch|log-parameter|set-tag)$/;

declare module "fastify" {
  interface FastifyContextConfig {
    role?: Role;
  }
  interface FastifyRequest {
    caller: Caller | null;
  }
}

export function installGuard(
  app: FastifyInstance,
  store: RunWriter,
  { auth = false, allowedHosts = [], requestsPerMinute }: GuardOptions,
): void {
  const tokens = new AccessTokens(store.connection);
  const hosts = new Set(allowedHosts.map((host) => host.toLowerCase()));
  const failures = new RateLimit(FAILURES_PER_MINUTE);
  const requests = requestsPerMinute === undefined ? undefined : new RateLimit(requestsPerMinute);
  const audit = new AuditLog(store.folder);

  const authenticate = async (request: FastifyRequest): Promise<Caller> => {
    if (!failures.allows(request.ip)) {
      throw new ApiError("REQUEST_LIMIT_EXCEEDED", "Too many wrong tokens; wait a minute");
    }
    const given = credentials(request.headers.authorization);
    const caller = given && (await tokens.verify(given.secret, given.name));
    if (caller) return caller;
    if (given) failures.take(request.ip);
    const why = given ? "The token is wrong or was removed." : "You are not authenticated.";
    const how =
      "Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, to a token made by `rzenlab token add`.";
    throw new ApiError("UNAUTHENTICATED", `${why} ${how}`);
  };

  app.decorateRequest("caller", null);
  app.addHook("onRequest", async (request, reply) => {
    void reply.headers(SECURITY_HEADERS);
    const path = request.url.split("?", 1)[0]!;
    if (OPEN_PATHS.has(path)) return;
    checkOrigin(request.headers, hosts);
    if (requests && !requests.take(request.ip)) {
      void reply.header("retry-after", "1");
      throw new ApiError(
        "REQUEST_LIMIT_EXCEEDED",
        `More than ${requestsPerMinute} requests a minute`,
      );
    }
    if (!auth) return;
    try {
      request.caller = await authenticate(request);
    } catch (error) {
      void reply.header("www-authenticate", 'Basic realm="rzenlab"');
      throw error;
    }
    const needed = roleOf(request);
    if (ROLES.indexOf(request.caller.role) < ROLES.indexOf(needed)) {
      const { name, role } = request.caller;
      throw new ApiError(
        "PERMISSION_DENIED",
        `${name} is a ${role}; ${request.method} ${path} needs ${needed}`,
      );
    }
  });
  app.addHook("onResponse", async (request, reply) => {
    const path = request.url.split("?", 1)[0]!;
    const refused = reply.statusCode === 401 || reply.statusCode === 403;
    if (!refused && (roleOf(request) === "viewer" || UNAUDITED.test(path))) return;
    audit.add({
      time: new Date().toISOString(),
      who: request.caller?.name ?? "-",
      address: request.ip,
      method: request.method,
      path: path.slice(0, 500),
      status: reply.statusCode,
    });
  });
  app.addHook("onClose", async () => audit.flush());
}

/** Routes that name no role: reading is for viewers, all else for admins. */
function roleOf({ method, routeOptions }: FastifyRequest): Role {
  return routeOptions.config?.role ?? (method === "GET" || method === "HEAD" ? "viewer" : "admin");
}
