/** @file What is measured of a server over HTTP. Each answer is checked, or the figure would be of errors. */
import { Agent, request } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TrackingClient } from "../../src/tracking/index.ts";
import { CURVE_KEY, CURVE_RUN, spikes } from "./fill.ts";

type Json = Record<string, unknown>;

/** One connection a client, kept open: a lean client, so that the figures are the server's. */
const agent = new Agent({ keepAlive: true });

function send(address: string, method: string, path: string, body?: string): Promise<Json> {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const sent = request(address + path, { method, agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString();
        if (response.statusCode === 200) resolve(JSON.parse(text) as Json);
        else reject(new Error(`${path}: ${response.statusCode} ${text}`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** `body` may be the text already, so that making it is not measured. */
export function post(address: string, path: string, body: unknown): Promise<Json> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return send(address, "POST", `/api/2.0/mlflow${path}`, text);
}

/** Ends connections to a server that goes away. */
export function hangUp(): void {
  agent.destroy();
}

export async function newRun(address: string): Promise<string> {
  const answer = await post(address, "/runs/create", {
    experiment_id: "0",
    start_time: Date.now(),
  });
  return ((answer["run"] as Json)["info"] as Json)["run_id"] as string;
}

/** Requests a second of `clients` that each make `count` one after the other. */
async function rate(
  clients: number,
  count: number,
  request: (c: number, i: number) => Promise<unknown>,
) {
  const start = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async (_, c) => {
      for (let i = 0; i < count; i++) await request(c, i);
    }),
  );
  return (clients * count) / ((performance.now() - start) / 1_000);
}

/** Points a second by `log-batch` of 1,000 over 10 keys. */
export async function batchRate(
  address: string,
  clients: number,
  batches: number,
): Promise<number> {
  const runs = await Promise.all(Array.from({ length: clients }, () => newRun(address)));
  const bodies = runs.map((run_id) =>
    Array.from({ length: batches }, (_, i) => JSON.stringify({ run_id, metrics: batch(i) })),
  );
  const requests = await rate(clients, batches, (c, i) =>
    post(address, "/runs/log-batch", bodies[c]![i]!),
  );
  return requests * 1_000;
}

function batch(i: number): object[] {
  return Array.from({ length: 1_000 }, (_, p) => ({
    key: `m${p % 10}`,
    value: Math.sin(p + i),
    timestamp: 1_700_000_000_000 + p,
    step: i * 100 + Math.floor(p / 10),
  }));
}

/** `log-metric` calls a second. */
export async function metricRate(address: string, clients: number, calls: number): Promise<number> {
  const runs = await Promise.all(Array.from({ length: clients }, () => newRun(address)));
  return rate(clients, calls, (c, i) =>
    post(address, "/runs/log-metric", {
      run_id: runs[c],
      key: "loss",
      value: i,
      timestamp: 1_700_000_000_000 + i,
      step: i,
    }),
  );
}

/** `runs/create` calls a second. */
export function createRate(address: string, calls: number): Promise<number> {
  return rate(1, calls, () => newRun(address));
}

export const SEARCHES = {
  newest: {},
  "by metric": { order_by: ["metrics.`metric/3` DESC"] },
  "two clauses": { filter: "metrics.`metric/3` > 0.9 AND params.`param/2` = '3'" },
} as const;

/** Milliseconds of a search for 100 runs, body read. */
export async function searchMs(
  address: string,
  experiment: string,
  search: keyof typeof SEARCHES,
  expected: number,
): Promise<number> {
  const start = performance.now();
  const body = { experiment_ids: [experiment], max_results: 100, ...SEARCHES[search] };
  const { runs } = await post(address, "/runs/search", body);
  const ms = performance.now() - start;
  if (!Array.isArray(runs) || runs.length !== expected)
    throw new Error(`${search}: not ${expected} runs`);
  return ms;
}

/** Milliseconds for 2,000 points of the curve, and how many of its spikes are among them. */
export async function curveMs(
  address: string,
  length: number,
  window?: readonly [number, number],
  run = CURVE_RUN,
): Promise<{ ms: number; spikes: number; of: number }> {
  const zoom = window ? `&start_step=${window[0]}&end_step=${window[1]}` : "";
  const start = performance.now();
  const query = `run_ids=${run}&metric_key=${CURVE_KEY}&max_results=2000${zoom}`;
  const path = `/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?${query}`;
  const { metrics } = (await send(address, "GET", path)) as {
    metrics: { step: number; value: number }[];
  };
  const ms = performance.now() - start;
  const kept = new Map(metrics.map(({ step, value }) => [step, value]));
  const [from, to] = window ?? [0, length];
  const inside = [...spikes(length)].filter(([step]) => step >= from && step <= to);
  const found = inside.filter(([step, value]) => kept.get(step) === value).length;
  return { ms, spikes: found, of: inside.length };
}

/** Microseconds a point that `log` of our client costs its caller; then every point is counted. */
export async function clientCost(address: string, points: number): Promise<number> {
  const spoolFolder = mkdtempSync(join(tmpdir(), "rzenlab-spool-"));
  try {
    const client = new TrackingClient(address, { spoolFolder, flushMs: 10_000 });
    const run = await client.startRun({ experiment: "client" });
    const start = performance.now();
    for (let step = 0; step < points / 10; step++) {
      for (let key = 0; key < 10; key++) run.log(`m/${key}`, step * key, step);
    }
    const us = ((performance.now() - start) * 1_000) / points;
    await run.close();
    const stored = (await client.history(run.runId, "m/3")).length;
    if (stored !== points / 10) throw new Error(`${stored} of ${points / 10} points are there`);
    return us;
  } finally {
    rmSync(spoolFolder, { recursive: true, force: true });
  }
}

/** Points a second of many clients at once for a while; fails unless every one is there at the end. */
export async function soak(address: string, clients: number, ms: number): Promise<number> {
  const runs: string[] = [];
  for (let c = 0; c < clients; c++) runs.push(await newRun(address));
  const counts = runs.map(() => 0);
  const end = performance.now() + ms;
  await Promise.all(
    runs.map(async (run_id, c) => {
      while (performance.now() < end) {
        const metrics = Array.from({ length: 50 }, (_, i) => ({
          key: "x",
          value: i,
          timestamp: 1_700_000_000_000,
          step: counts[c]! + i,
        }));
        await post(address, "/runs/log-batch", { run_id, metrics });
        counts[c]! += 50;
      }
    }),
  );
  for (const [c, run] of runs.entries()) {
    let stored = 0;
    let token = "";
    do {
      const query = `run_id=${run}&metric_key=x&max_results=25000${token && `&page_token=${encodeURIComponent(token)}`}`;
      const page = await send(address, "GET", `/api/2.0/mlflow/metrics/get-history?${query}`);
      stored += ((page["metrics"] ?? []) as unknown[]).length;
      token = (page["next_page_token"] as string | undefined) ?? "";
    } while (token !== "");
    if (stored !== counts[c]) throw new Error(`client ${c}: ${stored} of ${counts[c]} points`);
  }
  return counts.reduce((sum, n) => sum + n, 0) / (ms / 1_000);
}
