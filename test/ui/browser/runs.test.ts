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
    await page.getByRole("button", { name: "Undo", disabled: false }).press("Enter");
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
    await page.getByRole("button", { name: "Undo", disabled: false }).press("Enter");
    await page.getByRole("button", { name: "Undo" }).waitFor({ state: "detached" });
    expect(named("+HW #0")?.tags["verdict"]).toBe("first");
    expect(named("+HW #2")?.tags["verdict"]).toBeUndefined();
    await page.close();
  },
  PATIENCE,
);

test(
  "where the server refuses, nothing is changed, and that is said",
  async () => {
    const page = await open("?group=params.recipe");
    await page.getByRole("checkbox", { name: "pick all of +HW" }).click();
    await page.getByText("3 runs picked").waitFor();
    await page.route("**/api/runs/lifecycle", (route) =>
      route.fulfill({ status: 403, json: { message: "may only read" } }),
    );
    await page.getByRole("button", { name: "Delete" }).press("Enter");
    await page.getByRole("alert").filter({ hasText: "0 runs changed: may only read" }).waitFor();
    expect(await page.getByRole("button", { name: "Undo" }).count()).toBe(0);
    expect(named("+HW #1")?.status).toBe("FINISHED");
    await page.getByText("3 runs picked").waitFor();
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
      page.getByRole("link", { name: "parquet" }).press("Enter"),
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

test(
  "deleted runs are listed, and restored",
  async () => {
    shop.store.deleteRun(named("gave up")!.id);
    const page = await open("");
    await count(page, "6 of 6 runs");
    await page.getByRole("link", { name: "Deleted" }).press("Enter");
    await page.getByRole("heading", { level: 1, name: "Deleted runs" }).waitFor();
    await count(page, "1 of 1 deleted runs");
    await page.getByRole("checkbox", { name: "pick gave up" }).check();
    await expectSound(page);
    await page.getByRole("button", { name: "Restore" }).press("Enter");
    await count(page, "Restored 1 run.");
    await count(page, "0 of 0 deleted runs");
    expect(named("gave up")?.status).toBe("FAILED");
    await page.getByRole("link", { name: "Runs that are there" }).press("Enter");
    await count(page, "7 of 7 runs");
    await page.close();
  },
  PATIENCE,
);

test(
  "a filter is completed word by word with the keyboard, in its middle too",
  async () => {
    const page = await open("", { scheme: "dark" });
    const filter = page.getByRole("combobox", { name: "Filter" });
    const options = page.locator("#filter-options").getByRole("option");
    const choose = async (typed: string, option: string): Promise<void> => {
      await page.keyboard.type(typed);
      const wanted = page.locator("[role=listbox] [role=option]", { hasText: option });
      await wanted.first().waitFor();
      const active = page.locator("[role=option][aria-selected=true]");
      for (let i = 0; i < 20 && (await active.allInnerTexts())[0] !== option; i++) {
        await page.keyboard.press("ArrowDown");
      }
      await page.keyboard.press("Enter");
    };
    await filter.focus();
    await choose("rec", "params.recipe");
    await choose("!", "!=");
    await choose("", "'+HW'");
    await choose("", "AND");
    await choose("see", "params.seed");
    await page.keyboard.type("< ");
    await page.getByRole("option", { name: "2", exact: true }).waitFor();
    await expectSound(page);
    await picture(page, "runs-filter");
    await page.keyboard.type("2");
    await page.keyboard.press("Escape");
    expect(await filter.inputValue()).toBe("params.recipe != '+HW' AND params.seed < 2");
    await page.keyboard.press("Enter");
    await count(page, "2 of 7 runs");
    // At a caret in the middle: before AND, after the value.
    await page.keyboard.press("Home");
    for (let i = 0; i < 22; i++) await page.keyboard.press("ArrowRight");
    await page.keyboard.type(" ");
    await page.getByRole("option", { name: "OR", exact: true }).waitFor();
    expect(await options.allInnerTexts()).toEqual(["AND", "OR"]);
    await filter.fill("params.recipe ! 3");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Enter");
    const said = page.getByRole("alert").filter({ hasText: "At character 15: " });
    await said.waitFor();
    await page.close();
  },
  PATIENCE,
);

test(
  "columns are picked, pinned and moved; the address keeps them",
  async () => {
    const page = await open("");
    const heads = async (): Promise<string[]> => {
      const texts = await page.getByRole("columnheader").allInnerTexts();
      return texts.slice(1).map((text) => text.replace(/\s*[▲▼]/, ""));
    };
    await page.getByRole("link", { name: "+HW #1" }).waitFor();
    expect(await heads()).toEqual(["name", "status", "started", "seed", "test/overall %"]);
    await page.getByRole("button", { name: "Columns" }).press("Enter");
    await page.getByRole("checkbox", { name: "params.recipe" }).press("Space");
    await page.getByRole("checkbox", { name: "status" }).press("Space");
    await page.getByRole("button", { name: "pin params.seed" }).press("Enter");
    await page.getByRole("button", { name: "params.recipe further left" }).press("Enter");
    await expectSound(page);
    await picture(page, "runs-columns");
    await page.keyboard.press("Escape");
    const wanted = ["name", "seed", "started", "recipe", "test/overall %"];
    expect(await heads()).toEqual(wanted);
    await page.reload();
    await page.getByRole("link", { name: "+HW #1" }).waitFor();
    expect(await heads()).toEqual(wanted);
    expect(await page.locator(".grid-head .pin").count()).toBe(3);
    await page.close();
  },
  PATIENCE,
);

test(
  "fits a phone in the dark",
  async () => {
    const page = await open("?pinned=name,status", { scheme: "dark", width: 390, height: 844 });
    await page.getByRole("link", { name: "+HW #1" }).waitFor();
    await page.getByRole("checkbox", { name: "pick +HW #1" }).check();
    await expectSound(page);
    await picture(page, "runs-phone");
    await page.close();
  },
  PATIENCE,
);
