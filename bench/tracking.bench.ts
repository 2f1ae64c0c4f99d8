/**
 * @file Our tracking server and MLflow's on the same machine, data and durability (fsync at every
 * commit), alternating.
 *
 *     node bench/tracking.bench.ts              10,000 runs, a curve of a million points: 40 minutes
 *     node bench/tracking.bench.ts --runs 100000 --no-mlflow-search
 *     node bench/tracking.bench.ts --quick      minutes; says that it runs, not how fast
 *     node bench/tracking.bench.ts --parts start,rates    of start, rates, search, curve, client, soak
 *
 * One JSON line a measure: the median of the repetitions and their range, ours and MLflow's, and the
 * processor time that each server used for a call, which other work on the machine hardly changes. The
 * last line holds the medians and ratios of all, and the machine's load before and after. Runs
 * and curve are written into both files past the servers; everything measured goes over HTTP. The
 * cost of our client and the soak are measured against our server alone. What the UI takes to draw
 * is measured in its browser tests.
 */
import { availableParallelism, loadavg } from "node:os";
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

/** What a measure was of each server. */
type Measured = Record<Name, { readonly all: number[]; cpuSeconds: number; calls: number }>;

type Row = {
  readonly measure: string;
  readonly ours: number;
  readonly mlflow: number | null;
  readonly ratio: number | null;
  /** MLflow's processor time of a call through ours. */
  readonly cpuRatio?: number;
};

/** What was printed so far. */
const rows: Row[] = [];
const loadBefore = loadavg()[0]!;

/** Prints one row; `better` says which way the ratio goes. */
function report(
  measure: string,
  better: "more" | "less",
  { ours, mlflow }: Measured,
  more: object = {},
): void {
  const [a, b] = [figures(ours.all), mlflow.all.length > 0 ? figures(mlflow.all) : null];
  const ratio = b && (better === "more" ? a.median / b.median : b.median / a.median);
  const cpu = [ours, mlflow].map(({ cpuSeconds, calls }) => (cpuSeconds * 1_000) / calls);
  const round = (n: number): number => Number(n.toPrecision(3));
  const row = {
    measure,
    ours: a,
    mlflow: b,
    ratio: ratio && round(ratio),
    ...(ours.calls > 0 && {
      cpuMsACall: { ours: round(cpu[0]!), mlflow: round(cpu[1]!), ratio: round(cpu[1]! / cpu[0]!) },
    }),
    ...more,
  };
  console.log(JSON.stringify(row));
  rows.push({
    measure,
    ours: a.median,
    mlflow: b && b.median,
    ratio: row.ratio,
    ...(ours.calls > 0 && mlflow.calls > 0 && { cpuRatio: round(cpu[1]! / cpu[0]!) }),
  });
}

/** The last line: all measures at a glance. */
function summarise(): void {
  const load = [loadBefore, loadavg()[0]!].map((one) => Number(one.toFixed(1)));
  const machine = { cores: availableParallelism(), load };
  console.log(JSON.stringify({ bench: "tracking", runs: RUNS, quick, machine, rows }));
}

function nothing(): Measured {
  const none = () => ({ all: [] as number[], cpuSeconds: 0, calls: 0 });
  return { ours: none(), mlflow: none() };
}

/** Both servers in turn, so that what else the machine does meets both. */
async function alternate(
  repetitions: number,
  measure: (server: BenchServer) => Promise<number>,
  calls: (name: Name) => number = () => 0,
): Promise<Measured> {
  const measured = nothing();
  for (let i = 0; i < repetitions; i++) {
    for (const server of servers) {
      const of = measured[server.name];
      hangUp(); // MLflow closes connections that were idle meanwhile
      const before = server.cpuSeconds();
      of.all.push(await measure(server));
      of.cpuSeconds += server.cpuSeconds() - before;
      of.calls += calls(server.name);
    }
  }
  return measured;
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
  const ready = nothing();
  for (let i = 0; i < (quick ? 1 : REPETITIONS); i++) {
    await refill(() => undefined);
    for (const { name, readyMs } of servers) ready[name].all.push(readyMs);
  }
  report("server ready, ms", "less", ready);
  await new Promise((done) => setTimeout(done, 2_000));
  const idle = await alternate(1, async (server) => server.megabytes());
  report("idle memory, MB", "less", idle);
}

async function rates(): Promise<void> {
  const row = async (
    measure: string,
    calls: (name: Name) => number,
    of: (server: BenchServer) => Promise<number>,
  ): Promise<void> => report(measure, "more", await alternate(REPETITIONS, of, calls));
  await row(
    "runs/create, 1 client, calls/s",
    (name) => CALLS[name],
    ({ address, name }) => createRate(address, CALLS[name]),
  );
  for (const clients of [1, 4]) {
    const calls = (name: Name): number => CALLS[name] / (clients === 1 ? 1 : 2);
    await row(
      `log-metric, ${clients} clients, calls/s`,
      (name) => clients * calls(name),
      ({ address, name }) => metricRate(address, clients, calls(name)),
    );
    await row(
      `log-batch of 1,000, ${clients} clients, points/s`,
      (name) => clients * BATCHES[name],
      ({ address, name }) => batchRate(address, clients, BATCHES[name]),
    );
  }
}

async function searches(experiments: ReadonlyMap<Name, string>): Promise<void> {
  for (const search of Object.keys(SEARCHES) as (keyof typeof SEARCHES)[]) {
    const expected = search === "two clauses" ? twoClauses(RUNS) : 100;
    const of = (server: BenchServer): Promise<number> =>
      searchMs(server.address, experiments.get(server.name)!, search, expected);
    // A few of MLflow's say as much: sorting by a metric takes it ten seconds and more.
    const [few, all] = [3, servers];
    const measured = options["no-mlflow-search"] ? nothing() : await alternate(few, of, () => 1);
    servers = all.filter(({ name }) => name === "ours");
    const { ours } = await alternate(SEARCH_REPETITIONS, of, () => 1);
    servers = all;
    report(`search of ${RUNS} runs, 100 ${search}, ms`, "less", { ...measured, ours });
  }
}

async function curves(): Promise<void> {
  for (const [name, window] of [
    ["all", undefined],
    ["zoomed", [CURVE / 2, CURVE / 2 + CURVE / 20]],
  ] as const) {
    const kept: Record<Name, string> = { ours: "", mlflow: "" };
    const thinned = async (server: BenchServer): Promise<number> => {
      const { ms, spikes, of } = await curveMs(server.address, CURVE, window);
      kept[server.name] = `${spikes} of ${of}`;
      return ms;
    };
    const measured = await alternate(quick ? 2 : 3, thinned, () => 1);
    report(`${CURVE} points -> 2,000, ${name}, ms`, "less", measured, { spikes: kept });
  }
}

async function client(): Promise<void> {
  const costs: number[] = [];
  for (let i = 0; i < REPETITIONS; i++)
    costs.push(await clientCost(ourServer().address, quick ? 10_000 : 100_000));
  const measured = { ...nothing(), ours: { all: costs, cpuSeconds: 0, calls: 0 } };
  report("client's log(), us a point", "less", measured);
}

async function soaked(): Promise<void> {
  const server = ourServer();
  const before = server.megabytes();
  const points = await soak(server.address, 64, SOAK_MS);
  const memory = {
    seconds: SOAK_MS / 1_000,
    megabytes: [before, server.megabytes()].map(Math.round),
  };
  const measured = { ...nothing(), ours: { all: [points], cpuSeconds: 0, calls: 0 } };
  report("soak, 64 clients, points/s, every one counted", "more", measured, memory);
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
  summarise();
} finally {
  hangUp();
  for (const server of servers) {
    await server.stop();
    server.remove();
  }
}
