/** @file A tracking server on a free port, spoken to over HTTP like any client does. */
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { RunWriter } from "../../../src/tracking/index.ts";
import {
  createTrackingServer,
  type TrackingServerOptions,
} from "../../../src/tracking/server/index.ts";
import { freshFolder } from "../support.ts";

/** Tests look into answers of any shape. */
export type Json = any;
export type Answer = { readonly status: number; readonly body: Json; readonly headers: Headers };

export type TestServer = {
  readonly base: string;
  readonly store: RunWriter;
  /** POST with a JSON body; the path is what follows /api/2.0/mlflow. */
  post(path: string, body?: unknown): Promise<Answer>;
  get(path: string, query?: Record<string, string | number | readonly string[]>): Promise<Answer>;
  /** Any request. */
  call(method: string, path: string, init?: RequestInit): Promise<Answer>;
  /** What `post` answers, which must be 200. */
  ok(path: string, body?: unknown): Promise<Json>;
  /** A new run's id, in experiment 0 unless `body` says another. */
  run(body?: object): Promise<string>;
};

export const API = "/api/2.0/mlflow";

export async function startServer(
  options: Omit<Partial<TrackingServerOptions>, "store"> = {},
): Promise<TestServer> {
  let time = 1_700_000_000_000;
  const now = () => time++;
  const store = RunWriter.open(freshFolder(), { now, durability: "normal" });
  const app = createTrackingServer({ store, now, ...options });
  await app.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(async () => {
    await app.close();
    store.close();
  });
  const base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const call = async (method: string, path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(base + path, { method, ...init });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text ? JSON.parse(text) : text,
    };
  };
  const post = (path: string, body: unknown = {}) =>
    call("POST", API + path, {
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const ok = async (path: string, body?: unknown): Promise<Json> => {
    const answer = await post(path, body);
    if (answer.status !== 200)
      throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  return {
    base,
    store,
    call,
    post,
    ok,
    get: (path, query = {}) => {
      const search = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) {
        for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
      }
      return call("GET", `${API}${path}?${search.toString()}`);
    },
    run: async (body = {}) =>
      (await ok("/runs/create", { experiment_id: "0", ...body })).run.info.run_id,
  };
}

/** Asserts on an error answer by its code and a part of its message. */
export function refused(answer: Answer): string {
  return `${answer.status} ${answer.body.error_code}: ${answer.body.message}`;
}
