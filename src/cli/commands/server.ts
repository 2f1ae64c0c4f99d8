/** @file `rzenlab server`: MLflow's API on a store; its tokens; backup and restore. */
import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { AddressInfo } from "node:net";
import { DATABASE_FILE } from "../../tracking/database.ts";
import { RunWriter, announceServer } from "../../tracking/index.ts";
import {
  AccessTokens,
  backupStore,
  createTrackingServer,
  isLoopback,
  restoreStore,
  type Role,
  type TrackingServerOptions,
} from "../../tracking/server/index.ts";
import type { GlobalOptions } from "../main.ts";
import { columns, printResult } from "../output.ts";
import { placesOf } from "../places.ts";
import { oneOf, UsageError, wholeNumber } from "../usage.ts";

const ROLES: readonly Role[] = ["viewer", "logger", "admin"];

type StoreOptions = GlobalOptions & { readonly store?: string };

export type ServerOptions = StoreOptions & {
  readonly port: string;
  readonly host: string;
  readonly allowHost?: readonly string[];
  readonly auth?: boolean;
  readonly allowPrivateWebhooks?: boolean;
};

/** The store's folder; `--store` may name the file in it as well. */
export function storeFolder({ store, home }: StoreOptions): string {
  if (store === undefined) return placesOf(home).store;
  const path = resolve(store);
  const isFile = existsSync(path) && statSync(path).isFile();
  if (!isFile) return path;
  if (path.endsWith(DATABASE_FILE)) return dirname(path);
  throw new UsageError(`--store: expected a folder or its ${DATABASE_FILE}, got "${store}"`);
}

/** Serves until Ctrl-C, then answers what it took and closes. */
export async function server(
  options: ServerOptions,
  extend?: TrackingServerOptions["extend"],
  onReady?: (address: string) => void,
): Promise<void> {
  const port = wholeNumber("port", options.port, 0);
  if (port > 65_535) throw new UsageError(`--port: expected at most 65535, got "${options.port}"`);
  const local = isLoopback(options.host);
  using store = RunWriter.open(storeFolder(options));
  const auth = options.auth === true || !local;
  if (auth && new AccessTokens(store.connection).list().length === 0) {
    throw new UsageError(
      `--host ${options.host}: others can reach it, so callers need a token and there is none; make one with: rzenlab token add NAME --role admin`,
    );
  }
  const app = createTrackingServer({
    store,
    auth,
    allowedHosts: [options.host, ...(options.allowHost ?? [])],
    ...(!local && { requestsPerMinute: 60_000 }),
    ...(extend && { extend }),
    webhooks: {
      allowPrivate: options.allowPrivateWebhooks === true,
      onFailure: (message) => process.stderr.write(`rzenlab: ${message}\n`),
    },
    onError: (error, request) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.stderr.write(`rzenlab: ${request.method} ${request.url}: ${text}\n`);
    },
  });
  const stopped = new Promise<void>((stop) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop());
  });
  let withdraw = (): void => undefined;
  try {
    await app.listen({ port, host: options.host });
    const bound = (app.server.address() as AddressInfo).port;
    const address = `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${bound}`;
    withdraw = announceServer(store.folder, address);
    printResult(
      options.json,
      { address, store: store.folder, auth },
      `Tracking server on ${address} (store ${store.folder}). For MLflow clients: MLFLOW_TRACKING_URI=${address}`,
    );
    onReady?.(address);
    await stopped;
  } finally {
    withdraw();
    await app.close();
  }
}

type TokenOptions = StoreOptions & { readonly role: string };

export async function addToken(name: string, options: TokenOptions): Promise<void> {
  const role = oneOf("role", options.role, ROLES);
  using store = RunWriter.open(storeFolder(options));
  const secret = await new AccessTokens(store.connection).create(name, role);
  printResult(
    options.json,
    { name, role, secret },
    `${secret}\nKeep it: it cannot be shown again. Clients use it as MLFLOW_TRACKING_TOKEN, or as the password of ${name}.`,
  );
}

export async function removeToken(name: string, options: StoreOptions): Promise<void> {
  using store = RunWriter.open(storeFolder(options));
  new AccessTokens(store.connection).remove(name);
  printResult(options.json, { removed: name }, `removed ${name}`);
}

export async function listTokens(options: StoreOptions): Promise<void> {
  using store = RunWriter.open(storeFolder(options));
  const tokens = new AccessTokens(store.connection).list();
  const rows = tokens.map(({ name, role, createdAt }) => [
    name,
    role,
    new Date(createdAt).toISOString(),
  ]);
  printResult(options.json, tokens, columns([["name", "role", "made"], ...rows]));
}

/** While others write. */
export async function backup(target: string, options: StoreOptions): Promise<void> {
  const from = storeFolder(options);
  await backupStore(from, resolve(target));
  printResult(options.json, { from, to: resolve(target) }, `copied ${from} to ${resolve(target)}`);
}

export async function restore(source: string, options: StoreOptions): Promise<void> {
  const to = storeFolder(options);
  await restoreStore(resolve(source), to);
  printResult(
    options.json,
    { from: resolve(source), to },
    `restored ${to} from ${resolve(source)}`,
  );
}
