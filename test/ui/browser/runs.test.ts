import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Workshop } from "../../../src/experiments/index.ts";
import { launchBrowser } from "../../support/browser.ts";
import { PATIENCE, type Served, expectSound, openPage, picture, servePages } from "./support.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-ui-"));
let shop: Workshop;
let served: Served;
let browser: Browser;

/** Two configurations of three seeds and a run that failed. */
beforeAll(async () => {
  shop = await Workshop.open({ dataRoot: join(home, "data"), home, store: join(home, "store") });
  const { store } = shop;
  const experimentId = store.getOrCreateExperiment("grid");
  for (const [cell, base] of [
    ["baseline", 0.25],
    ["+HW", 0.35],
  ] as const) {
    for (const seed of [0, 1, 2]) {
      const { id } = store.createRun({ experimentId, name: `${cell} #${seed}` });
      store.logParams(id, { recipe: cell, seed: String(seed) });
      store.logMetrics(id, [{ key: "test/overall", value: base + seed / 100, step: 1 }]);
      if (seed === 0) store.setTags(id, { verdict: "first" });
      store.finishRun(id);
    }
  }
  store.finishRun(store.createRun({ experimentId, name: "gave up" }).id, "FAILED");
  served = await servePages(shop);
  browser = await launchBrowser();
}, 300_000);
afterAll(async () => {
  await browser.close();
  await served.app.close();
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

const open = (search: string, options = {}): Promise<Page> =>
  openPage(browser, `${served.address}/ui/grid/runs${search}`, options);
const count = (page: Page, text: string): Promise<void> =>
  page.getByRole("status").filter({ hasText: text }).first().waitFor();
const named = (name: string) => shop.store.searchRuns().find((run) => run.name === name);

test(
  "runs grouped by a setting: means beside the runs, closed and open, in the address",
  async () => {
    const page = await open("");
    await page.getByLabel("Group by").selectOption("params.recipe");
    await page.waitForURL(/group=params\.recipe/);
    const group = page.getByRole("row").filter({
      has: page.getByRole("button", { name: "+HW (3)" }),
    });
    expect(await group.innerText()).toContain("36.0 ± 1.0");
    await page.getByRole("link", { name: "+HW #1" }).waitFor();
    await page.getByRole("button", { name: "+HW (3)" }).press("Enter");
    await page.getByRole("link", { name: "+HW #1" }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "baseline #1" }).waitFor();
    await expectSound(page);
    await picture(page, "runs-grouped");
    await page.reload();
    await page.getByRole("button", { name: "baseline (3)" }).waitFor();
    await page.close();
  },
  PATIENCE,
);

test(
  "picked runs are deleted, and back after Undo",
  async () => {
    const page = await open("?group=params.recipe");
    await count(page, "7 of 7 runs");
    await page.getByRole("checkbox", { name: "pick all of baseline" }).click();
    await page.getByText("3 runs picked").waitFor();
    await page.getByRole("button", { name: "Delete" }).press("Enter");
    await count(page, "Deleted 3 runs.");
    await count(page, "4 of 4 runs");
    expect(named("baseline #0")).toBeUndefined();
    await page.getByRole("button", { name: "Undo" }).press("Enter");
    await count(page, "7 of 7 runs");
    expect(named("baseline #0")?.params["recipe"]).toBe("baseline");
    await page.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
    await page.close();
  },
  PATIENCE,
);

test(
  "a tag is set on all shown runs; Undo gives each the value it had, or none",
  async () => {
    const page = await open("?filter=status+%3D+%27FINISHED%27", { scheme: "dark" });
    await count(page, "6 of 7 runs");
    await page.getByRole("checkbox", { name: "pick all shown" }).click();
    await page.getByText("6 runs picked").waitFor();
    await page.getByRole("button", { name: "Tag", exact: true }).press("Enter");
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("verdict");
    await page.getByRole("textbox", { name: "Value", exact: true }).fill("keep");
    await expectSound(page);
    await page.getByRole("button", { name: "Tag them" }).press("Enter");
    await count(page, "Tagged 6 runs with verdict = keep.");
    expect(named("+HW #2")?.tags["verdict"]).toBe("keep");
    expect(named("gave up")?.tags["verdict"]).toBeUndefined();
    await page.getByRole("button", { name: "Undo" }).press("Enter");
    await page.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
    expect(named("+HW #0")?.tags["verdict"]).toBe("first");
    expect(named("+HW #2")?.tags["verdict"]).toBeUndefined();
    await page.close();
  },
  PATIENCE,
);

test(
  "where the server refuses some, that is said, and the others can be undone",
  async () => {
    const page = await open("?group=params.recipe");
    const refused = named("+HW #1")!.id;
    await page.getByRole("checkbox", { name: "pick all of +HW" }).click();
    await page.route("**/api/2.0/mlflow/runs/delete", (route) =>
      (route.request().postDataJSON() as { run_id: string }).run_id === refused
        ? route.fulfill({ status: 403, json: { message: "may only read" } })
        : route.continue(),
    );
    await page.getByRole("button", { name: "Delete" }).press("Enter");
    await page
      .getByRole("alert")
      .filter({ hasText: "2 of 3 runs changed: may only read" })
      .waitFor();
    await count(page, "Deleted 2 runs.");
    expect(named("+HW #0")).toBeUndefined();
    expect(named("+HW #1")?.status).toBe("FINISHED");
    await page.getByRole("button", { name: "Undo" }).press("Enter");
    await count(page, "7 of 7 runs");
    expect(named("+HW #0")?.status).toBe("FINISHED");
    await page.close();
  },
  PATIENCE,
);

test(
  "what is shown is saved as Parquet, with its types",
  async () => {
    const page = await open("?filter=params.seed+%3C+2&sort=name");
    await count(page, "4 of 7 runs");
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Parquet" }).press("Enter"),
    ]);
    const file = join(home, "runs.parquet");
    await saved.saveAs(file);
    const { buffer } = new Uint8Array(readFileSync(file));
    const rows = await parquetReadObjects({ file: buffer });
    expect(rows.map((row) => row["name"])).toEqual([
      "+HW #0",
      "+HW #1",
      "baseline #0",
      "baseline #1",
    ]);
    expect(rows[0]).toMatchObject({
      status: "FINISHED",
      "params.seed": 0,
      "metrics.test/overall": 0.35,
    });
    expect(rows[0]!["startTime"]).toBeInstanceOf(Date);
    await page.close();
  },
  PATIENCE,
);
