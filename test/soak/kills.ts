/**
 * @file `kill -9` of a server at random moments while clients write. None may miss a point.
 *
 *     node test/soak/kills.ts 100      prints what was found as one line of JSON; fails on any loss
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { RunReader, TrackingClient } from "../../src/tracking/index.ts";
import { freePort, ServerProcess } from "./server.ts";

export type Survival = {
  readonly kills: number;
  /** Logged through clients that buffer and spool, and how many are in the store. */
  readonly buffered: { readonly logged: number; readonly stored: number };
  /** Sent one by one: acknowledged, of these not in the store, and in the store. */
  readonly single: {
    readonly acknowledged: number;
    readonly lost: number;
    readonly stored: number;
    readonly sent: number;
  };
  /** Times a client found no server. */
  readonly outages: number;
  readonly integrity: unknown;
};

const BUFFERED = 3;
const SINGLE = 2;
/** A server lives at most so long after it answers. */
const LONGEST_MS = 400;

export async function surviveKills(
  kills: number,
  folder: string,
  random = Math.random,
): Promise<Survival> {
  const store = join(folder, "store");
  const server = new ServerProcess(store, await freePort());
  await server.start();
  let outages = 0;
  const stop = new AbortController();

  const buffered = await Promise.all(
    Array.from({ length: BUFFERED }, async (_, c) => {
      const client = new TrackingClient(server.address, {
        spoolFolder: join(folder, `spool-${c}`),
        flushMs: 20,
        onError: () => outages++,
      });
      const run = await client.startRun({ experiment: "kills" });
      let logged = 0;
      const done = (async () => {
        while (!stop.signal.aborted) {
          for (let i = 0; i < 50; i++) {
            run.logAt({ key: "loss", value: logged, step: logged, timestamp: logged });
            logged++;
          }
          await new Promise((next) => setTimeout(next, 10));
        }
      })();
      return { run, done, logged: () => logged };
    }),
  );
  const single = await Promise.all(
    Array.from({ length: SINGLE }, async () => {
      const client = new TrackingClient(server.address);
      const { runId } = await client.startRun({ experiment: "kills" });
      const acknowledged: number[] = [];
      let sent = 0;
      const done = (async () => {
        while (!stop.signal.aborted) {
          const step = sent++;
          const said = await logMetric(server.address, runId, step);
          if (said) acknowledged.push(step);
          else await new Promise((next) => setTimeout(next, 5));
        }
      })();
      return { runId, done, acknowledged, sent: () => sent };
    }),
  );

  while (single.some(({ acknowledged }) => acknowledged.length === 0)) {
    await new Promise((next) => setTimeout(next, 5));
  }
  for (let kill = 0; kill < kills; kill++) {
    await new Promise((next) => setTimeout(next, random() * LONGEST_MS));
    await server.end("SIGKILL");
    await server.start();
  }
  stop.abort();
  await Promise.all([...buffered, ...single].map(({ done }) => done));
  for (const { run } of buffered) await run.close();
  await server.end("SIGTERM");
  if (server.errors !== "") throw new Error(server.errors);

  using reader = RunReader.open(store);
  const stored = buffered.map(({ run }) => {
    const points = reader.history(run.runId, "loss");
    return points.every(({ step, value }, i) => step === i && value === i) ? points.length : NaN;
  });
  const kept = single.map(({ runId }) => {
    return new Set(reader.history(runId, "loss").map(({ step }) => step));
  });
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  return {
    kills,
    buffered: { logged: sum(buffered.map(({ logged }) => logged())), stored: sum(stored) },
    single: {
      acknowledged: sum(single.map(({ acknowledged }) => acknowledged.length)),
      lost: sum(
        single.map(({ acknowledged }, i) => acknowledged.filter((s) => !kept[i]!.has(s)).length),
      ),
      stored: sum(kept.map(({ size }) => size)),
      sent: sum(single.map(({ sent }) => sent())),
    },
    outages,
    integrity: integrityOf(store),
  };
}

/** Whether the server said that it has the point. */
async function logMetric(address: string, run_id: string, step: number): Promise<boolean> {
  try {
    const response = await fetch(`${address}/api/2.0/mlflow/runs/log-metric`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ run_id, key: "loss", value: step, timestamp: step, step }),
    });
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}

export function integrityOf(store: string): unknown {
  const sql = new Sqlite(join(store, "rzenlab.db"));
  try {
    return sql.pragma("integrity_check", { simple: true });
  } finally {
    sql.close();
  }
}

if (import.meta.main) {
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-kills-"));
  try {
    const found = await surviveKills(Number(process.argv[2] ?? 100), folder);
    console.log(JSON.stringify(found));
    const whole = found.buffered.logged === found.buffered.stored && found.single.lost === 0;
    if (!whole || found.integrity !== "ok") process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
