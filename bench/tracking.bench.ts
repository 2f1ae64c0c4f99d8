/**
 * @file Our tracking server and MLflow's on the same machine, data and durability (fsync at every
 * commit), alternating.
 *
 *     node bench/tracking.bench.ts              10,000 runs, a curve of a million points: 40 minutes
 *     node bench/tracking.bench.ts --runs 100000 --no-mlflow-search
 *     node bench/tracking.bench.ts --quick      minutes; says that it runs, not how fast
 *     node bench/tracking.bench.ts --parts start,rates    of start, rates, search, curve, client, soak
 *
 * One JSON line a measure: the median of the repetitions and their range, ours and MLflow's. Runs
 * and curve are written into both files past the servers; everything measured goes over HTTP. The
 * cost of our client and the soak are measured against our server alone. What the UI takes to draw
 * is measured in its browser tests.
 */
import { parseArgs } from "node:util";
import { fillCurve, fillRuns, twoClauses } from "./tracking/fill.ts";
import {
  batchRate,
  clientCost,
  createRate,
  curveMs,
  hangUp,
  metricRate,
  searchMs,
  SEARCHES,
  soak,
} from "./tracking/measures.ts";
import { type BenchServer, type Name, startServer } from "./tracking/servers.ts";

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    runs: { type: "string" },
    parts: { type: "string", default: "start,rates,search,curve,client,soak" },
    "no-mlflow-search": { type: "boolean", default: false },
  },
});
const quick = options.quick;
const parts = new Set(options.parts.split(","));
const RUNS = Number(options.runs ?? (quick ? 500 : 10_000));
const CURVE = quick ? 50_000 : 1_000_000;
const REPETITIONS = quick ? 2 : 5;
const SEARCH_REPETITIONS = quick ? 3 : 20;
const SOAK_MS = quick ? 5_000 : 300_000;
/** MLflow takes seconds where we take milliseconds: fewer calls say as much. */
const CALLS = { ours: quick ? 100 : 1_000, mlflow: quick ? 10 : 50 } as const;
const BATCHES = { ours: quick ? 5 : 50, mlflow: quick ? 2 : 8 } as const;

type Figures = {
  readonly median: number;
  readonly range: readonly [number, number];
  readonly p95: number;
};

function figures(all: readonly number[]): Figures {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  const round = (n: number): number => Number(n.toPrecision(4));
  return {
    median: round(at(0.5)),
    range: [round(sorted[0]!), round(sorted.at(-1)!)],
    p95: round(at(0.95)),
  };
}

/** Prints one row; `better` says which way the ratio goes. */
function report(
  measure: string,
  better: "more" | "less",
  ours: readonly number[],
  mlflow: readonly number[],
  more: object = {},
): void {
  const [a, b] = [figures(ours), mlflow.length > 0 ? figures(mlflow) : null];
  const ratio = b && (better === "more" ? a.median / b.median : b.median / a.median);
  const row = {
    measure,
    ours: a,
    mlflow: b,
    ratio: ratio && Number(ratio.toPrecision(3)),
    ...more,
  };
  console.log(JSON.stringify(row));
}

/** Both servers in turn, so that what else the machine does meets both. */
async function alternate(
  repetitions: number,
  measure: (server: BenchServer) => Promise<number>,
): Promise<Record<Name, number[]>> {
  const all: Record<Name, number[]> = { ours: [], mlflow: [] };
  for (let i = 0; i < repetitions; i++) {
    for (const server of servers) all[server.name].push(await measure(server));
  }
  return all;
}

let servers: BenchServer[] = [];

/** Stops both, lets `fill` write into their files, starts them again. */
async function refill<T>(fill: (server: BenchServer) => T): Promise<Map<Name, T>> {
  const made = new Map<Name, T>();
  const again: BenchServer[] = [];
  for (const server of servers) {
    hangUp();
    await server.stop();
    made.set(server.name, fill(server));
    again.push(await startServer(server.name, server.folder));
  }
  servers = again;
  return made;
}

/** MLflow's first start makes its tables; what counts is a start on a store that is there. */
async function start(): Promise<void> {
  const ready: Record<Name, number[]> = { ours: [], mlflow: [] };
  for (let i = 0; i < (quick ? 1 : REPETITIONS); i++) {
    await refill(() => undefined);
    for (const { name, readyMs } of servers) ready[name].push(readyMs);
  }
  report("server ready, ms", "less", ready.ours, ready.mlflow);
  await new Promise((done) => setTimeout(done, 2_000));
  const idle = await alternate(1, async (server) => server.megabytes());
  report("idle memory, MB", "less", idle.ours, idle.mlflow);
}

async function rates(): Promise<void> {
  const row = async (
    measure: string,
    of: (server: BenchServer) => Promise<number>,
  ): Promise<void> => {
    const { ours, mlflow } = await alternate(REPETITIONS, of);
    report(measure, "more", ours, mlflow);
  };
  await row("runs/create, 1 client, calls/s", ({ address, name }) =>
    createRate(address, CALLS[name]),
  );
  for (const clients of [1, 4]) {
    await row(`log-metric, ${clients} clients, calls/s`, ({ address, name }) =>
      metricRate(address, clients, CALLS[name] / (clients === 1 ? 1 : 2)),
    );
    await row(`log-batch of 1,000, ${clients} clients, points/s`, ({ address, name }) =>
      batchRate(address, clients, BATCHES[name]),
    );
  }
}

async function searches(experiments: ReadonlyMap<Name, string>): Promise<void> {
  for (const search of Object.keys(SEARCHES) as (keyof typeof SEARCHES)[]) {
    const expected = search === "two clauses" ? twoClauses(RUNS) : 100;
    const all: Record<Name, number[]> = { ours: [], mlflow: [] };
    for (let i = 0; i < SEARCH_REPETITIONS; i++) {
      for (const { name, address } of servers) {
        // A few of MLflow's say as much: sorting by a metric takes it ten seconds and more.
        if (name === "mlflow" && (i >= 3 || options["no-mlflow-search"])) continue;
        all[name].push(await searchMs(address, experiments.get(name)!, search, expected));
      }
    }
    report(`search of ${RUNS} runs, 100 ${search}, ms`, "less", all.ours, all.mlflow);
  }
}

async function curves(): Promise<void> {
  for (const [name, window] of [
    ["all", undefined],
    ["zoomed", [CURVE / 2, CURVE / 2 + CURVE / 20]],
  ] as const) {
    const kept: Record<Name, string> = { ours: "", mlflow: "" };
    const { ours, mlflow } = await alternate(quick ? 2 : 3, async (server) => {
      const { ms, spikes, of } = await curveMs(server.address, CURVE, window);
      kept[server.name] = `${spikes} of ${of}`;
      return ms;
    });
    report(`${CURVE} points -> 2,000, ${name}, ms`, "less", ours, mlflow, { spikes: kept });
  }
}

async function client(): Promise<void> {
  const costs: number[] = [];
  for (let i = 0; i < REPETITIONS; i++)
    costs.push(await clientCost(ourServer().address, quick ? 10_000 : 100_000));
  report("client's log(), us a point", "less", costs, []);
}

async function soaked(): Promise<void> {
  const server = ourServer();
  const before = server.megabytes();
  const points = await soak(server.address, 64, SOAK_MS);
  const memory = {
    seconds: SOAK_MS / 1_000,
    megabytes: [before, server.megabytes()].map(Math.round),
  };
  report("soak, 64 clients, points/s, every one counted", "more", [points], [], memory);
}

function ourServer(): BenchServer {
  return servers.find(({ name }) => name === "ours")!;
}

try {
  const names: Name[] = ["ours"];
  if (["start", "rates", "search", "curve"].some((part) => parts.has(part))) names.push("mlflow");
  for (const name of names) servers.push(await startServer(name));
  if (parts.has("start")) await start();
  if (parts.has("rates")) await rates();
  if (parts.has("search") || parts.has("curve")) {
    const experiments = await refill((server) => {
      const experiment = fillRuns(server, parts.has("search") ? RUNS : 1);
      if (parts.has("curve")) fillCurve(server, CURVE, experiment);
      return experiment;
    });
    if (parts.has("search")) await searches(experiments);
    if (parts.has("curve")) await curves();
  }
  if (parts.has("client")) await client();
  if (parts.has("soak")) await soaked();
} finally {
  hangUp();
  for (const server of servers) {
    await server.stop();
    server.remove();
  }
}
