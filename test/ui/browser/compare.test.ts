import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Workshop } from "../../../src/experiments/index.ts";
import { launchBrowser } from "../../support/browser.ts";
import { PATIENCE, type Served, expectSound, openPage, picture, servePages } from "./support.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-ui-"));
let shop: Workshop;
let served: Served;
let browser: Browser;

/** A score that alpha alone decides, over alpha x delta x seed. */
beforeAll(async () => {
  shop = await Workshop.open({ dataRoot: join(home, "data"), home, store: join(home, "store") });
  const { store } = shop;
  const experimentId = store.getOrCreateExperiment("sweep");
  for (const alpha of [0, 3, 9]) {
    for (const delta of [0.9, 0.95]) {
      for (const seed of [0, 1]) {
        const { id } = store.createRun({ experimentId, name: `alpha ${alpha} #${seed}` });
        store.logParams(id, {
          "loss.alpha": String(alpha),
          "loss.delta": String(delta),
          "loss.kind": alpha === 0 ? "infonce" : "hardness",
          seed: String(seed),
        });
        store.logMetrics(id, [
          ...[1, 2, 3].map((step) => ({ key: "loss", value: 4 / step + seed / 10, step })),
          { key: "test/overall", value: 0.2 + alpha / 100, step: 3 },
          { key: "test/text", value: 0.1 + seed / 100, step: 3 },
        ]);
        store.finishRun(id);
      }
    }
  }
  // Thirty learning rates and two optimisers: more configurations than lines that can be told apart.
  const wide = store.getOrCreateExperiment("wide");
  for (let i = 0; i < 60; i++) {
    const id = store.insertRun({
      experimentId: wide,
      name: `wide ${i}`,
      startTime: 1_000 + i,
      params: { lr: (i % 30) / 100, optimizer: i < 30 ? "adamw" : "sgd", batchSize: 32 },
    });
    store.logMetrics(
      id,
      Array.from({ length: 20 + (i % 3) }, (_, k) => ({
        key: "loss",
        value: 5 / (k + 1) + i / 100,
        step: k * 10,
        timestamp: 1_000 + i + k * 500,
      })),
    );
    store.finishRun(id);
  }
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
  openPage(browser, `${served.address}/ui/sweep/compare${search}`, options);
const shares = (page: Page): Promise<string[]> =>
  page
    .getByRole("table", { name: /depends on/ })
    .getByRole("row")
    .allInnerTexts();

test(
  "what decides a score stands first; another score, another order",
  async () => {
    const page = await open("");
    await page.getByRole("table", { name: "What test/overall depends on" }).waitFor();
    const [, first, second, ...rest] = await shares(page);
    expect(first).toMatch(/^loss\.alpha\s+3\s+100 %$/);
    expect(second).toMatch(/^loss\.kind\s+2\s+/);
    expect(rest.every((row) => row.endsWith("0 %"))).toBe(true);
    await page.locator("figure[data-drawn=true]").first().waitFor();
    await expectSound(page);
    await picture(page, "compare");
    await page.getByLabel("Score", { exact: true }).selectOption("test/text");
    await page.getByRole("table", { name: "What test/text depends on" }).waitFor();
    expect((await shares(page))[1]).toMatch(/^seed\s+2\s+100 %$/);
    await page.close();
  },
  PATIENCE,
);

test(
  "a second setting makes a contour, and the address keeps it",
  async () => {
    const page = await open("");
    await page.getByLabel("And over").selectOption("loss.delta");
    const contour = page.getByRole("region", {
      name: "Contour: Mean test/overall of 12 runs over 3 values of loss.alpha and 2 of loss.delta.",
    });
    await contour.waitFor();
    await page.reload();
    await contour.waitFor();
    await page.getByLabel("Over", { exact: true }).selectOption("loss.kind");
    await page
      .getByText("A contour needs two numbers of loss.kind and two of loss.delta.")
      .waitFor();
    await page.goto(`${served.address}/ui/sweep/compare?x=gone&score=lost`);
    await page.getByRole("table", { name: "What test/overall depends on" }).waitFor();
    expect(await page.getByLabel("Over", { exact: true }).inputValue()).toBe("loss.alpha");
    await page.close();
  },
  PATIENCE,
);

test(
  "runs are brushed with the keyboard and with the mouse, and the brushed compared",
  async () => {
    const page = await open("", { scheme: "dark", width: 390, height: 844 });
    const lines = (count: number) =>
      page.getByRole("img", { name: new RegExp(`^${count} of 12 runs over loss.alpha`) });
    await lines(12).waitFor();
    await page.getByRole("slider", { name: "loss.alpha at least" }).press("End");
    await lines(4).waitFor();
    await page.getByRole("link", { name: "Compare the 4 brushed" }).waitFor();
    await expectSound(page);
    await page.getByRole("slider", { name: "loss.alpha at least" }).press("Home");
    await lines(12).waitFor();
    const axis = page.locator(".parallel .handle").nth(1); // loss.delta
    await axis.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await axis.boundingBox())!;
    await page.mouse.move(x + width / 2, y + 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.up();
    await lines(6).waitFor();
    await page.getByRole("link", { name: "Compare the 6 brushed" }).press("Enter");
    await page.waitForURL(/runs=/);
    await page.getByRole("img", { name: /^6 of 6 runs over loss.alpha/ }).waitFor();
    await page.close();
  },
  PATIENCE,
);

test(
  "curves are drawn where the browser's language is no language tag",
  async () => {
    const page = await browser.newPage();
    await page.addInitScript(
      'Object.defineProperty(navigator, "language", { get: () => "en-US@posix", configurable: true })',
    );
    await page.goto(`${served.address}/ui/sweep/compare`);
    await page.getByRole("img", { name: /^loss: / }).waitFor();
    await page.close();
  },
  PATIENCE,
);

test(
  "sixty configurations are bands over a setting, and that is said; the address keeps the axes",
  async () => {
    const page = await openPage(browser, `${served.address}/ui/wide/compare`, { scheme: "dark" });
    const said = (text: string) => page.getByRole("status").filter({ hasText: text }).waitFor();
    await said("60 runs in 2 lines, one a value of optimizer");
    await said("The runs are of 60 configurations.");
    await page.getByText("lr", { exact: true }).first().waitFor();
    await page.getByText("sgd (30), adamw (30)").waitFor();
    await page.getByLabel("Curves over").selectOption("samples seen");
    await page.getByLabel("Smoothing").selectOption("none");
    await page.getByRole("checkbox", { name: "log y" }).check();
    await page.getByRole("checkbox", { name: "log x" }).check();
    const chart = page.getByRole("img", {
      name: "loss: 2 lines over samples seen up to 6,720, log x and y",
    });
    await chart.waitFor();
    await expectSound(page);
    await picture(page, "compare-wide");
    await page.reload();
    await chart.waitFor();
    expect(await page.getByRole("checkbox", { name: "log y" }).isChecked()).toBe(true);
    await page.getByLabel("A line for each").selectOption("configuration");
    await said("24 runs in 24 lines");
    await said("36 lines more can't be told apart and aren't drawn");
    await page.getByLabel("Curves over").selectOption("seconds since the start");
    await page.getByRole("img", { name: /over seconds since the start up to 10/ }).waitFor();
    await page.close();
  },
  PATIENCE,
);

test(
  "fits a phone",
  async () => {
    const page = await openPage(browser, `${served.address}/ui/wide/compare`, {
      width: 390,
      height: 844,
    });
    await page.getByRole("img", { name: /^loss: / }).waitFor();
    await page.locator("figure[data-drawn=true]").first().waitFor();
    await expectSound(page);
    await picture(page, "compare-phone");
    await page.close();
  },
  PATIENCE,
);
