/** @file A hundred thousand runs on one page: only those in sight are in it, and all can be reached. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Workshop } from "../../../src/experiments/index.ts";
import { launchBrowser } from "../../support/browser.ts";
import { PATIENCE, type Served, expectSound, openPage, picture, servePages } from "./support.ts";

const RUNS = 100_000;
const home = mkdtempSync(join(tmpdir(), "rzenlab-many-"));
let shop: Workshop;
let served: Served;
let browser: Browser;

beforeAll(async () => {
  shop = await Workshop.open({ dataRoot: join(home, "data"), home, store: join(home, "store") });
  const { store } = shop;
  const experimentId = store.getOrCreateExperiment("many");
  const recipes = ["baseline", "+HW", "+FN"];
  for (let from = 0; from < RUNS; from += 10_000) {
    store.connection.transact("fill", () => {
      for (let i = from; i < from + 10_000; i++) {
        const id = store.insertRun({
          experimentId,
          name: `run ${i}`,
          status: "FINISHED",
          startTime: 1_700_000_000_000 + i * 1_000,
          params: { recipe: recipes[i % 3]!, seed: i % 10 },
        });
        // Each value once: 7,919 is prime.
        const value = ((i * 7_919) % RUNS) / RUNS;
        store.logMetrics(id, [{ key: "test/overall", value, step: 1, timestamp: 0 }]);
      }
    });
  }
  served = await servePages(shop);
  browser = await launchBrowser();
}, 600_000);
afterAll(async () => {
  await browser.close();
  await served.app.close();
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

const open = (search = ""): Promise<Page> =>
  openPage(browser, `${served.address}/ui/many/runs${search}`);
const name = (page: Page, text: string) => page.getByRole("link", { name: text, exact: true });
const counted = (page: Page, text: string): Promise<void> =>
  page.getByRole("status").filter({ hasText: text }).first().waitFor();

test(
  "opens with a window of rows and scrolls to the last run",
  async () => {
    const begun = performance.now();
    const page = await open();
    await name(page, `run ${RUNS - 1}`).waitFor();
    const firstRender = performance.now() - begun;
    await counted(page, "100,000 of 100,000 runs");
    const inPage = await page.locator(".grid-row").count();
    expect(inPage).toBeGreaterThan(10);
    expect(inPage).toBeLessThan(100);
    expect(await page.getByRole("table").getAttribute("aria-rowcount")).toBe(String(RUNS + 1));
    const fps = await framesPerSecond(page);
    await page.getByRole("table").focus();
    await page.keyboard.press("End");
    await name(page, "run 0").waitFor();
    expect(await page.locator(".grid-row").count()).toBeLessThan(100);
    await expectSound(page);
    await picture(page, "runs-many", false);
    process.stdout.write(
      `${RUNS} runs: first rows after ${firstRender.toFixed(0)} ms, ${fps.toFixed(0)} frames/s while scrolling\n`,
    );
    // Wide: a machine that others share; a page that held all rows would take minutes.
    expect(firstRender).toBeLessThan(60_000);
    expect(fps).toBeGreaterThan(0.2);
    await page.close();
  },
  PATIENCE,
);

/** Frames that the browser draws while the table is scrolled, a hundred rows a frame. */
function framesPerSecond(page: Page): Promise<number> {
  return page.evaluate<number>(`(async () => {
    const grid = document.querySelector(".grid");
    const begun = performance.now();
    for (let frame = 0; frame < 60; frame++) {
      grid.scrollBy(0, 3_400);
      await new Promise(requestAnimationFrame);
    }
    return 60_000 / (performance.now() - begun);
  })()`);
}

test(
  "a search, an order by a score and groups answer over all runs",
  async () => {
    const page = await open();
    await name(page, `run ${RUNS - 1}`).waitFor();
    await page
      .getByLabel("Filter")
      .fill("run_name = 'run 77777' OR metrics.test/overall > 0.99998");
    await page.keyboard.press("Enter");
    await counted(page, "2 of 100,000 runs");
    await name(page, "run 77777").waitFor();
    await page.goto(`${served.address}/ui/many/runs?sort=-metrics.test%2Foverall`);
    const [best] = shop.store.searchRuns({
      orderBy: [{ metric: "test/overall", descending: true }],
      limit: 1,
    });
    expect(best!.metrics["test/overall"]).toBe(0.99999);
    await name(page, best!.name).waitFor();
    await page.getByLabel("Group by").selectOption("params.recipe");
    // The group of the best run stands first.
    const recipe = best!.params["recipe"]!;
    const count = recipe === "baseline" ? "33,334" : "33,333";
    await page.getByRole("button", { name: `${recipe} (${count})` }).waitFor();
    await page.close();
  },
  PATIENCE,
);

test(
  "all that pass are picked, and compared by their filter or a short code",
  async () => {
    const page = await open("?filter=params.seed+%3D+3");
    await counted(page, "10,000 of 100,000 runs");
    await page.getByRole("checkbox", { name: "pick all shown" }).click();
    await page.getByText("10,000 runs picked").waitFor();
    const compare = page.getByRole("link", { name: "Compare 10,000" });
    expect(await compare.getAttribute("href")).toContain("compare?filter=params.seed");
    await page
      .getByRole("checkbox", { name: /^pick run / })
      .first()
      .uncheck();
    // Every tenth run but one fits no address, which is said.
    await page.getByRole("button", { name: "Compare 9,999" }).waitFor();
    expect(
      await page.getByRole("button", { name: "Compare 9,999" }).getAttribute("title"),
    ).toContain("too many to name one by one");
    await page.close();
  },
  PATIENCE,
);

test(
  "all of them are saved as a file that nobody holds whole",
  async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const held = (): number => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = held();
    const reply = await fetch(`${served.address}/api/ui/experiments/many/runs/export/json`);
    let [bytes, lines, most, next] = [0, 0, 0, 0];
    for await (const chunk of reply.body!) {
      bytes += chunk.length;
      for (const byte of chunk) if (byte === 10) lines++;
      if (bytes < next) continue;
      next = bytes + 2_000_000;
      most = Math.max(most, held() - before);
    }
    expect(lines).toBe(RUNS + 2);
    expect(bytes).toBeGreaterThan(20_000_000);
    expect(most).toBeLessThan(bytes / 2);
  },
  PATIENCE,
);
