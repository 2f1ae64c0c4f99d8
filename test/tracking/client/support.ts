/** @file A tracking server of ours on a free port, that can be away for a while. */
import { rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { RunWriter } from "../../../src/tracking/index.ts";
import { createTrackingServer } from "../../../src/tracking/server/index.ts";
import { freshFolder } from "../support.ts";

export type Served = {
  readonly address: string;
  readonly store: RunWriter;
  /** Takes the server off the network, store and all. */
  readonly stop: () => Promise<void>;
  /** Brings it back on the same port with the same store. */
  readonly start: () => Promise<void>;
};

export async function serve(): Promise<Served> {
  const folder = freshFolder();
  let port = 0;
  let store: RunWriter | undefined;
  let app: ReturnType<typeof createTrackingServer> | undefined;
  const start = async (): Promise<void> => {
    store = RunWriter.open(folder);
    app = createTrackingServer({ store });
    await app.listen({ port, host: "127.0.0.1" });
    port = (app.server.address() as AddressInfo).port;
  };
  const stop = async (): Promise<void> => {
    await app?.close();
    store?.close();
    app = store = undefined;
  };
  await start();
  onTestFinished(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    address: `http://127.0.0.1:${port}`,
    get store() {
      return store!;
    },
    start,
    stop,
  };
}
