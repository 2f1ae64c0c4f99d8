import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reportSource } from "../../src/cli/reports.ts";
import { appFolder } from "../../src/cli/uiapp.ts";
import type { Workshop } from "../../src/experiments/index.ts";
import { queriesOf } from "../../src/experiments/index.ts";
import type { QueryPage } from "../../src/plot/index.ts";
import { createTrackingServer } from "../../src/tracking/server/index.ts";
import type { AblationPage } from "../../src/ui/server/types.ts";
import { registerUi } from "../../src/ui/server/index.ts";
import { madeWorkshop } from "../experiments/support/made.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-ui-"));
const MADE = "/api/ui/experiments/made";
let shop: Workshop;
let app: FastifyInstance;

beforeAll(async () => {
  shop = await madeWorkshop(home, 3);
  const folder = await appFolder();
  app = createTrackingServer({
    store: shop.store,
    extend: (scope) =>
      registerUi(scope, { store: shop.store, reports: reportSource(shop), appFolder: folder }),
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
}, 240_000);
afterAll(async () => {
  await app.close();
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

const inject = (path: string) => app.inject({ url: path, headers: { host: "localhost" } });
async function queryPage(choice: Record<string, string>): Promise<QueryPage> {
  const query = new URLSearchParams(choice);
  return (await inject(`${MADE}/queries?${query.toString()}`)).json<QueryPage>();
}

describe("queries of two configurations", () => {
  const choice = { configuration: "+HW+FN", before: "baseline" };

  test("come with those first whose rank changed most, every query once", async () => {
    const task = (await shop.tasks("test"))[0]!;
    const pages = [
      await queryPage({ ...choice, task: task.name }),
      await queryPage({ ...choice, task: task.name, offset: "20" }),
    ];
    const all = pages.flatMap(({ queries }) => queries);
    expect(new Set(all.map(({ id }) => id)).size).toBe(task.queries.length);
    const mean = (ranks: readonly number[]) =>
      ranks.reduce((sum, rank) => sum + Math.log(rank), 0) / ranks.length;
    const moved = all.map((one) => Math.abs(mean(one.ranks) - mean(one.ranksBefore)));
    expect(moved).toEqual(moved.toSorted((a, b) => b - a));
    expect(moved[0]).toBeGreaterThan(0);
    const { better, worse, same, total } = pages[0]!;
    expect(better + worse + same).toBe(total);
  });

  test("average to the data set's delta of the ablation table", async () => {
    const { grid } = (await inject(`${MADE}/ablation`)).json<AblationPage>();
    const row = grid.rows.find(({ name }) => name === choice.configuration)!;
    for (const { name } of await shop.tasks("test")) {
      const { delta } = await queryPage({ ...choice, task: name });
      expect(delta!.mean).toBeCloseTo(row.deltas!.datasets[name]!.mean, 10);
    }
  });

  test("hold both runs' results where they were kept, and say where not", async () => {
    const task = (await shop.tasks("test"))[0]!.name;
    const { queries } = await queryPage({ ...choice, task, limit: "50" });
    const kept = queries.filter(({ results }) => results !== null);
    expect(kept).toHaveLength(3);
    for (const { results, ranks, ranksBefore } of kept) {
      expect(results!.map(({ configuration }) => configuration)).toEqual(["baseline", "+HW+FN"]);
      expect(results!.map(({ rank }) => rank)).toEqual([ranksBefore[0], ranks[0]]);
    }
  });

  test("have no difference of a configuration from itself", async () => {
    const task = (await shop.tasks("test"))[0]!.name;
    const page = await queryPage({ task, configuration: "+HW", before: "+HW" });
    expect([page.delta, page.same]).toEqual([null, page.total]);
  });

  test("refuse what is not there", async () => {
    const refused = async (path: string) => {
      const { statusCode, body } = await inject(`${MADE}/queries?${path}`);
      return `${statusCode} ${body}`;
    };
    expect(await refused("task=../../etc&configuration=%2BHW&before=baseline")).toMatch(
      /^409 .*no data set \\"\.\.\/\.\.\/etc\\"; there are /,
    );
    const task = encodeURIComponent((await shop.tasks("test"))[0]!.name);
    expect(await refused(`task=${task}&configuration=x&before=baseline`)).toMatch(
      /^409 .*no configuration \\"x\\"; there are baseline, /,
    );
    expect(await refused(`task=${task}&limit=1000`)).toContain(
      '400 {"error":"limit: expected a whole number from 1 to 50, got \\"1000\\""}',
    );
  });

  test("of a run that kept none of the data set name the run", async () => {
    const tasks = await shop.tasks("test");
    const one = { ...tasks[0]!, name: "new" };
    const other = Object.create(shop, { tasks: { value: async () => [one] } }) as Workshop;
    const wanted = { ...choice, task: "new", offset: 0, limit: 5 };
    await expect(queriesOf(other, "made", wanted)).rejects.toThrow(
      /^run \w+ kept no queries of new$/,
    );
  });
});
