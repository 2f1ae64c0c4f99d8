/** @file A disk that is full, read-only or damaged under a server: said plainly, and training goes on. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { RunReader, TrackingClient } from "../../../src/tracking/index.ts";
import { backupStore, restoreStore } from "../../../src/tracking/server/index.ts";
import { integrityOf } from "../../soak/kills.ts";
import { freePort, ServerProcess } from "../../soak/server.ts";
import { freshFolder } from "../support.ts";
import { startServer } from "./support.ts";

/** Seconds on a quiet machine; starting a process can take seconds on a busy one. */
const SLOW = { timeout: 300_000 };

const processes: ServerProcess[] = [];
afterEach(async () => {
  for (const server of processes.splice(0)) await server.end("SIGKILL");
});

async function serverOn(folder: string): Promise<ServerProcess> {
  const server = new ServerProcess(folder, await freePort());
  processes.push(server);
  return server;
}

function clientOf(address: string, onError?: (error: unknown) => void): TrackingClient {
  return new TrackingClient(address, {
    spoolFolder: freshFolder(),
    retries: 0,
    flushMs: 0,
    ...(onError && { onError }),
  });
}

test.skipIf(process.platform === "win32")(
  "no room for the file: the call is refused whole, reading goes on, the client keeps the rest",
  SLOW,
  async () => {
    const folder = join(freshFolder(), "store");
    const server = await serverOn(folder);
    await server.start("ulimit -f 4096"); // 2 or 4 MB, as the shell counts
    const client = clientOf(server.address, () => undefined);
    const run = await client.startRun({ experiment: "full" });
    let logged = 0;
    const said: string[] = [];
    while (said.length === 0 && logged < 500_000) {
      for (let i = 0; i < 1_000; i++, logged++) {
        run.logAt({ key: "loss", step: logged, value: logged, timestamp: 1 });
      }
      await run.flush().catch((error: unknown) => said.push(String(error)));
    }
    expect(said[0]).toContain("INTERNAL_ERROR");
    expect(said[0]).toContain(join(folder, "rzenlab.db"));
    expect(server.errors).toContain("POST /api/2.0/mlflow/runs/log-batch");
    expect(run.pending).toBe(0); // in the spool
    const stored = (await client.run(run.runId)).metrics["loss"]!;
    expect((stored + 1) % 1_000).toBe(0); // whole calls only
    expect(stored).toBeLessThan(logged - 1);

    await server.end("SIGTERM");
    await server.start("true"); // there is room again
    await run.close();
    await server.end("SIGTERM");
    using reader = RunReader.open(folder);
    expect(reader.history(run.runId, "loss").map(({ step }) => step)).toEqual(
      Array.from({ length: logged }, (_, i) => i),
    );
    expect(integrityOf(folder)).toBe("ok");
  },
);

test(
  "a file that may not be written: named with what to look at, and the client keeps all",
  SLOW,
  async () => {
    const onFailure = vi.fn<(error: unknown) => void>();
    const server = await startServer({ onError: onFailure });
    const client = clientOf(server.base, () => undefined);
    const run = await client.startRun({ experiment: "read-only" });
    server.store.connection.sql.pragma("query_only = ON");
    run.log("loss", 1, 0);
    await expect(run.flush()).rejects.toThrow(
      /INTERNAL_ERROR: .*rzenlab\.db cannot be written .*check the owner and mode/,
    );
    expect(String(onFailure.mock.calls[0]![0])).toContain("cannot be written");
    expect((await client.run(run.runId)).metrics).toEqual({});
    server.store.connection.sql.pragma("query_only = OFF");
    await run.close();
    expect((await client.run(run.runId)).metrics).toEqual({ loss: 1 });
  },
);

test(
  "a damaged file: the server says so and does not start; a backup and the spool make it whole",
  SLOW,
  async () => {
    const folder = join(freshFolder(), "store");
    const backup = join(freshFolder(), "backup");
    const server = await serverOn(folder);
    await server.start();
    const client = clientOf(server.address, () => undefined);
    const run = await client.startRun({ experiment: "damaged" });
    const log = (from: number, to: number): void => {
      for (let step = from; step < to; step++) run.log("loss", step, step);
    };
    log(0, 500);
    await run.flush();
    await backupStore(folder, backup);
    await server.end("SIGTERM");

    const file = join(folder, "rzenlab.db");
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 0, bytes.length);
    writeFileSync(file, bytes);
    await expect(server.start()).rejects.toThrow(
      /rzenlab\.db is damaged or not an SQLite file .*restore a copy, or move it away/,
    );
    log(500, 700);
    await expect(run.flush()).rejects.toThrow("no answer");

    renameSync(folder, `${folder}.damaged`);
    await restoreStore(backup, folder);
    await server.start();
    await run.close();
    await server.end("SIGTERM");
    using reader = RunReader.open(folder);
    expect(reader.history(run.runId, "loss")).toHaveLength(700);
    rmSync(`${folder}.damaged`, { recursive: true });
  },
);
