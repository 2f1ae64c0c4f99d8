/** @file What every route works with. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Connection } from "../database.ts";
import type { RunWriter } from "../writer.ts";
import type { GroupCommit } from "./commit.ts";
import type { Fields } from "./fields.ts";
import type { Reads } from "./reads.ts";

/** What a caller may do; each role may do what those before it may. */
export const ROLES = ["viewer", "logger", "admin"] as const;
export type Role = (typeof ROLES)[number];

export type Context = {
  readonly store: RunWriter;
  readonly connection: Connection;
  /** See GroupCommit. */
  readonly write: GroupCommit["write"];
  /** Answers with a read that can take long, in a thread of its own if the store is large. */
  readonly read: <K extends keyof Reads>(
    reply: FastifyReply,
    kind: K,
    query: Parameters<Reads[K]>[1],
  ) => Promise<Uint8Array | string>;
  readonly now: () => number;
  /** Tells listeners of /api/live; call it inside `write`'s work, it speaks after the commit. */
  readonly announce: (change: Change) => void;
};

/** Something that changed, for the UI. */
export type Change = {
  readonly kind: "run" | "metrics" | "experiment" | "model" | "trace";
  readonly experimentId?: number;
  readonly runId?: string;
  readonly id?: string;
};

export type Call = {
  readonly fields: Fields;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
};

export type Handler = (call: Call) => unknown;

/** One MLflow endpoint, its path after `/api/2.0/mlflow`. */
export type Route = {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE" | "PUT";
  readonly path: string;
  readonly role: Role;
  readonly handler: Handler;
};

/** `GET /x` is for viewers, `POST /x` for loggers; name the role where that is wrong. */
export function route(endpoint: string, handler: Handler, role?: Role): Route {
  const [method, path] = endpoint.split(" ") as [Route["method"], string];
  return { method, path, handler, role: role ?? (method === "GET" ? "viewer" : "logger") };
}
