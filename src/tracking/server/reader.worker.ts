/** @file The thread of reader-thread.ts: answers one read after the other. */
import { parentPort, workerData } from "node:worker_threads";
import type { Connection } from "../database.ts";
import { RunReader } from "../reader.ts";
import { installRegexp } from "../search/index.ts";
import type { ReadAnswer, ReadRequest } from "./reader-thread.ts";
import { type Read, READS } from "./reads.ts";

const { connection } = RunReader.open(workerData as string);
installRegexp(connection);
const encoder = new TextEncoder();

parentPort!.on("message", ({ id, kind, query }: ReadRequest) => {
  try {
    const act = READS[kind] as (connection: Connection, query: unknown) => Read;
    const { body, missing = [] } = act(connection, query);
    const bytes = encoder.encode(body);
    parentPort!.postMessage({ id, body: bytes, missing } satisfies ReadAnswer, [bytes.buffer]);
  } catch (error) {
    const { name, message, code = "" } = error as Error & { code?: string };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort!.postMessage({ id, failure: { name, message, code } } satisfies ReadAnswer);
  }
});
