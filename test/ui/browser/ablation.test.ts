import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Workshop } from "../../../src/experiments/index.ts";
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
const ablationJson = async (): Promise<AblationPage> =>
  (await (
    await fetch(`${served.address}/api/ui/experiments/made/ablation`)
  ).json()) as AblationPage;

describe("the ablation page", () => {
  for (const scheme of ["light", "dark"] as const) {
    test(
      `in ${scheme} colours shows the table's numbers`,
      async () => {
        const page = await open("made/ablation", { scheme });
        const row = page.getByRole("row").filter({
          has: page.getByRole("button", { name: "+HW+FN", exact: true }),
        });
        await row.waitFor();
        const { grid } = await ablationJson();
        const { overall } = grid.rows.find(({ name }) => name === "+HW+FN")!;
        expect(await row.innerText()).toContain((overall.mean * 100).toFixed(1));
        await page.locator("figure[data-drawn=true]").first().waitFor();
        await expectSound(page);
        await picture(page, `ablation-${scheme}`);
        await page.close();
      },
      PATIENCE,
    );
  }

  test(
    "fits a phone",
    async () => {
      const page = await open("made/ablation", { width: 390, height: 844 });
      await page.locator("table.ablation").waitFor();
      await page.locator("figure[data-drawn=true]").first().waitFor();
      await expectSound(page);
      await picture(page, "ablation-phone");
      await page.close();
    },
    PATIENCE,
  );
});

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
