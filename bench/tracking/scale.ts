/**
 * @file Our server on a large store: how it starts, searches and thins, and what it needs.
 *
 *     node bench/tracking/scale.ts /tmp/large --runs 100000 --series 100 --minutes 30
 *
 * Fills the folder with runs and series of a million points, until there are so many or the minutes
 * are over; what is there stays and is added to. Then prints what was measured as one line of JSON.
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RunReader } from "../../src/tracking/index.ts";
import { EXPERIMENT, fillCurve, fillRuns, twoClauses } from "./fill.ts";
import { curveMs, hangUp, searchMs, SEARCHES } from "./measures.ts";
import { startServer } from "./servers.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "100000" },
    series: { type: "string", default: "100" },
    minutes: { type: "string", default: "30" },
  },
});
const [folder] = positionals;
if (folder === undefined) throw new Error("name the folder of the large store");
const LENGTH = 1_000_000;
const REPETITIONS = 40;

const seriesId = (i: number): string => i.toString(16).padStart(32, "c");
const store = join(folder, "store");
const end = performance.now() + Number(values.minutes) * 60_000;
const runs = Number(values.runs);
if (!existsSync(store)) fillRuns({ name: "ours", folder }, runs);
const { experiment, known } = content();
for (let i = 0; i < Number(values.series) && performance.now() < end; i++) {
  if (!known.has(seriesId(i))) {
    fillCurve({ name: "ours", folder }, LENGTH, String(experiment), seriesId(i));
    console.error(`${i + 1} series of a million points`);
  }
}

const { known: filled } = content();
const server = await startServer("ours", folder);
try {
  const idle = await new Promise<number>((done) => {
    setTimeout(() => done(server.megabytes()), 2_000);
  });
  const searches: Record<string, object> = {};
  for (const search of Object.keys(SEARCHES) as (keyof typeof SEARCHES)[]) {
    const expected = search === "two clauses" ? twoClauses(runs) : 100;
    searches[search] = await times(() =>
      searchMs(server.address, String(experiment), search, expected),
    );
  }
  const ids = [...filled];
  let spikes = 0;
  let at = 0;
  const thin = (window?: readonly [number, number]) => async (): Promise<number> => {
    const found = await curveMs(server.address, LENGTH, window, ids[at++ % ids.length]);
    spikes += found.of - found.spikes;
    return found.ms;
  };
  const found = {
    runs,
    points: ids.length * LENGTH + runs * 30,
    gigabytes: statSync(join(store, "rzenlab.db")).size / 1e9,
    readyMs: Math.round(server.readyMs),
    idleMegabytes: Math.round(idle),
    searches,
    millionPoints: ids.length > 0 && {
      whole: await times(thin()),
      zoomed: await times(thin([500_000, 550_000])),
      spikesMissed: spikes,
    },
  };
  console.log(JSON.stringify(found));
} finally {
  hangUp();
  await server.stop();
}

function content(): { experiment: number; known: ReadonlySet<string> } {
  using reader = RunReader.open(store);
  const rows = reader.connection
    .prepare<[number], string>(
      "SELECT r.id FROM runs r JOIN series s ON s.run = r.serial WHERE s.key = 'curve' AND s.count = ?",
    )
    .pluck()
    .all(LENGTH);
  return { experiment: reader.experiment(EXPERIMENT).id, known: new Set(rows) };
}

/** Milliseconds, and processor milliseconds of the server, which other work hardly changes. */
async function times(measure: () => Promise<number>): Promise<object> {
  const all: number[] = [];
  const before = server.cpuSeconds();
  for (let i = 0; i < REPETITIONS; i++) all.push(await measure());
  const cpu = ((server.cpuSeconds() - before) * 1_000) / REPETITIONS;
  const sorted = all.toSorted((a, b) => a - b).map(Math.round);
  return {
    median: sorted[REPETITIONS / 2],
    p95: sorted[Math.floor(REPETITIONS * 0.95)],
    cpu: Number(cpu.toPrecision(3)),
  };
}
