import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Workshop } from "../../../src/experiments/index.ts";
import { buildReport } from "../../../src/experiments/index.ts";
import {
  ablationCsv,
  reportJson,
  reportLatex,
  reportMarkdown,
  type QueryPage,
} from "../../../src/plot/index.ts";
import type { AblationPage } from "../../../src/ui/server/types.ts";
import { madeWorkshop } from "../../experiments/support/made.ts";
import { launchBrowser } from "../../support/browser.ts";
import { PATIENCE, type Served, expectSound, openPage, picture, servePages } from "./support.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-ui-"));
let shop: Workshop;
let served: Served;
let browser: Browser;

beforeAll(async () => {
  shop = await madeWorkshop(home, 2);
  served = await servePages(shop);
  browser = await launchBrowser();
}, 300_000);
afterAll(async () => {
  await browser.close();
  await served.app.close();
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

const open = (path: string, options = {}) =>
  openPage(browser, `${served.address}/ui/${path}`, options);
const MADE = "/api/ui/experiments/made";
const get = (path: string): Promise<Response> => fetch(served.address + path);
const ablationJson = async (): Promise<AblationPage> =>
  (await (await get(`${MADE}/ablation`)).json()) as AblationPage;

describe("the ablation page", () => {
  test(
    "shows the table's numbers",
    async () => {
      const page = await open("made/ablation");
      const row = page.getByRole("row").filter({
        has: page.getByRole("button", { name: "+HW+FN", exact: true }),
      });
      await row.waitFor();
      const { grid } = await ablationJson();
      const { overall } = grid.rows.find(({ name }) => name === "+HW+FN")!;
      expect(await row.innerText()).toContain((overall.mean * 100).toFixed(1));
      await page.locator("figure[data-drawn=true]").first().waitFor();
      await expectSound(page);
      await picture(page, "ablation");
      await page.close();
    },
    PATIENCE,
  );

  test(
    "is what an experiment's own address leads to; an address of no page says so",
    async () => {
      const page = await open("made");
      await page.waitForURL("**/ui/made/ablation");
      await page.close();
      const lost = await open("made/nowhere");
      await lost.getByRole("alert").filter({ hasText: "No page has this address." }).waitFor();
      await expectSound(lost);
      await lost.getByRole("link", { name: "All experiments" }).press("Enter");
      await lost.waitForURL("**/ui");
      await lost.close();
    },
    PATIENCE,
  );

  test(
    "fits a phone in the dark",
    async () => {
      const page = await open("made/ablation", { scheme: "dark", width: 390, height: 844 });
      await page.locator("table.ablation").waitFor();
      await page.locator("figure[data-drawn=true]").first().waitFor();
      await expectSound(page);
      await picture(page, "ablation-phone");
      await page.close();
    },
    PATIENCE,
  );
});

test(
  "compared runs have paired differences by modality, against the configuration of the address",
  async () => {
    const page = await open("made/compare", { scheme: "dark" });
    const table = page.getByRole("region", { name: "Table of paired differences" });
    await table.waitFor();
    const against = page.getByLabel("Against");
    const names = await against.locator("option").allInnerTexts();
    const [first, second] = [await against.inputValue(), names.at(-1)!];
    await against.selectOption(second);
    await page.waitForURL(/against=/);
    await table.getByRole("rowheader", { name: first }).first().waitFor();
    expect(await table.innerText()).toMatch(/[+−-]\d+\.\d/);
    await expectSound(page);
    await picture(page, "compare-paired");
    await page.close();
  },
  PATIENCE,
);

describe("the palette", () => {
  test(
    "opens by Ctrl-K and reaches a page by typing",
    async () => {
      const page = await open("made/ablation");
      await page.keyboard.press("Control+k");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.type("modal");
      await expectSound(page);
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/ui\/made\/modalities/);
      await page.getByRole("heading", { level: 1, name: "Modalities" }).waitFor();
      await page.close();
    },
    PATIENCE,
  );
});

test("the page's record and its exports are the report's, number for number", async () => {
  const page = await ablationJson();
  const report = await buildReport(shop, "made", {
    command: page.reproduction.command,
    wallSeconds: 0,
    generatedAt: page.generatedAt,
  });
  const { gallery: _, ...record } = report;
  expect(page).toEqual(JSON.parse(JSON.stringify(record)));
  const exported = async (format: string): Promise<string> =>
    (await get(`${MADE}/export/${format}`)).text();
  expect(await exported("csv")).toBe(ablationCsv(report.grid));
  expect(await exported("tex")).toBe(reportLatex(report));
  expect(await exported("md")).toBe(reportMarkdown(report));
  expect(await exported("json")).toBe(reportJson(report));
  expect(await exported("html")).toContain("<!doctype html>");
  expect(await exported("docx")).toBe(
    '{"error":"no format docx; there are md, tex, csv, json, html"}',
  );
});

test(
  "configurations unfold into their runs; levels have addresses",
  async () => {
    const page = await open("made/ablation");
    await page.getByRole("button", { name: "+HW+FN", exact: true }).press("Enter");
    await page
      .getByRole("link", { name: /^seed / })
      .nth(1)
      .waitFor();
    expect(await page.getByRole("link", { name: /^seed / }).count()).toBe(2);
    await page.getByRole("link", { name: "Data sets", exact: true }).press("Enter");
    await page.waitForURL(/level=datasets/);
    await page.getByRole("columnheader", { name: "colour-class" }).waitFor();
    await page.reload();
    await page.getByRole("columnheader", { name: "colour-class" }).waitFor();
    await page.close();
  },
  PATIENCE,
);

test(
  "a view is saved as one file that reads the same without any server",
  async () => {
    const page = await open("made/ablation", { scheme: "dark" });
    await page.locator("figure[data-drawn=true]").first().waitFor();
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save this view as one HTML file" }).press("Enter"),
    ]);
    const file = join(home, "view.html");
    await saved.saveAs(file);
    const table = await page.locator("table.ablation").innerText();
    await page.close();
    const offline = await openPage(browser, pathToFileURL(file).href, { scheme: "dark" });
    expect(await offline.locator("table.ablation").innerText()).toBe(table);
    expect(await offline.locator("svg.main-svg").count()).toBeGreaterThan(0);
    await expectSound(offline);
    await picture(offline, "saved");
    await offline.close();
  },
  PATIENCE,
);

describe("the modalities page", () => {
  test(
    "leads from a modality to a query by keyboard, both results side by side",
    async () => {
      const page = await open("made/modalities");
      const set = (await shop.tasks("test"))[1]!;
      const { modalities } = await ablationJson();
      const { label } = modalities.find(({ id }) => id === set.modality)!;
      const drill = page.getByRole("navigation", { name: "Modality, meta-task, data set" });
      const button = drill.getByRole("button", { name: set.name, exact: true });
      const fold = (text: string) => drill.locator("summary", { hasText: text }).first();
      await fold(label).waitFor();
      if (!(await fold(set.metaTask).isVisible())) await fold(label).press("Enter");
      if (!(await button.isVisible())) await fold(set.metaTask).press("Enter");
      await button.press("Enter");
      await page.waitForURL(/task=/);
      const kept = page.locator("summary", { hasText: "Top results side by side" }).first();
      await kept.press("Enter");
      const pair = page.locator(".pair").first();
      expect(await pair.getByRole("heading", { level: 3 }).count()).toBe(2);
      const view = `${MADE}/queries?task=${set.name}&configuration=${encodeURIComponent("+HW+FN")}&before=baseline`;
      const { queries } = (await (await get(view)).json()) as QueryPage;
      await page
        .locator("label", { hasText: /^Configuration/ })
        .locator("select")
        .selectOption("+HW+FN");
      const { ranks } = queries[0]!;
      await page
        .locator(".queries > li")
        .first()
        .locator("dd", { hasText: `rank ${ranks[0]}` })
        .first()
        .waitFor();
      await page.locator("figure[data-drawn=true]").nth(1).waitFor();
      await expectSound(page);
      await picture(page, "modalities");
      await page.close();
    },
    PATIENCE,
  );

  test(
    "fits a phone in the dark",
    async () => {
      const page = await open("made/modalities", { scheme: "dark", width: 390, height: 844 });
      await page.locator(".queries").waitFor();
      await page.locator("figure[data-drawn=true]").first().waitFor();
      await expectSound(page);
      await picture(page, "modalities-phone");
      await page.close();
    },
    PATIENCE,
  );
});

describe("experiments", () => {
  test(
    "are listed, and lead to their ablation",
    async () => {
      const page = await openPage(browser, `${served.address}/`);
      await page.waitForURL(/\/ui$/);
      const card = page.getByRole("link", { name: /^made/ });
      await card.waitFor();
      await expectSound(page);
      const dark = await openPage(browser, `${served.address}/ui`, {
        scheme: "dark",
        width: 390,
        height: 844,
      });
      await dark.getByRole("link", { name: /^made/ }).waitFor();
      await expectSound(dark);
      await picture(dark, "experiments-phone");
      await dark.close();
      await card.press("Enter");
      await page.waitForURL(/\/ui\/made\/ablation$/);
      await page.close();
    },
    PATIENCE,
  );

  test(
    "whose runs were scored on different data sets are refused, with the reason",
    async () => {
      const experiment = shop.store.getOrCreateExperiment("uneven");
      for (const { id, name, tags } of shop.store.searchRuns({
        experimentIds: [shop.store.experiment("made").id],
      })) {
        const member = tags["rzenlab.member/made/quick"];
        if (member === undefined) continue;
        const run = shop.store.createRun({
          experimentId: experiment,
          name,
          tags: { "rzenlab.member/uneven/quick": member },
        });
        const rows = shop.store.evaluations({ runIds: [id] });
        const kept = name.includes(" +FN 0") ? rows.slice(1) : rows;
        shop.store.logEvaluation(
          run.id,
          kept.map((row) => {
            const { runId: _, perQuery: __, digest, ...rest } = row;
            return { ...rest, digest: digest! };
          }),
        );
        shop.store.finishRun(run.id);
      }
      const page = await browser.newPage({ locale: "en-GB" });
      await page.goto(`${served.address}/ui/uneven/ablation`);
      const said = page.getByRole("alert").filter({
        hasText: /runs were scored on different data sets, so their averages can't be compared/,
      });
      await said.waitFor();
      expect(await said.innerText()).toMatch(/lacks colour-class|lacks name-image|lacks /);
      await page.close();
    },
    PATIENCE,
  );
});
