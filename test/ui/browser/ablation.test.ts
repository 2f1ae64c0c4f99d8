/** @file The ablation page's further sections, against closed forms over the same table; and what one seed may say. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Workshop } from "../../../src/experiments/index.ts";
import { points } from "../../../src/plot/format.ts";
import type { AblationPage } from "../../../src/ui/server/types.ts";
import { madeWorkshop } from "../../experiments/support/made.ts";
import { launchBrowser } from "../../support/browser.ts";
import { PATIENCE, type Served, expectSound, openPage, picture, servePages } from "./support.ts";

const homes = [1, 2].map((seeds) => mkdtempSync(join(tmpdir(), `rzenlab-ablation-${seeds}-`)));
const shops: Workshop[] = [];
const served: Served[] = [];
let browser: Browser;

/** One seed a configuration, then two. */
beforeAll(async () => {
  for (const [i, home] of homes.entries()) {
    shops.push(await madeWorkshop(home, i + 1));
    served.push(await servePages(shops[i]!));
  }
  browser = await launchBrowser();
}, 300_000);
afterAll(async () => {
  await browser.close();
  for (const { app } of served) await app.close();
  for (const shop of shops) await shop.close();
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

const open = (seeds: 1 | 2): Promise<Page> =>
  openPage(browser, `${served[seeds - 1]!.address}/ui/made/ablation`);
async function shown(seeds: 1 | 2): Promise<AblationPage> {
  const address = `${served[seeds - 1]!.address}/api/ui/experiments/made/ablation`;
  return (await (await fetch(address)).json()) as AblationPage;
}
const section = (page: Page, title: string) =>
  page.locator("section").filter({ has: page.getByRole("heading", { name: title, exact: true }) });

test(
  "one seed has no interval over seeds, and nothing is said to help",
  async () => {
    const page = await open(1);
    const { grid } = await shown(1);
    for (const { overall } of grid.rows) expect(overall).toMatchObject({ low: null, n: 1 });
    const findings = page.getByRole("region", { name: "Findings" });
    const single = findings.getByText("One seed only: nothing can be said of it.");
    await single.first().waitFor();
    expect(await single.count()).toBe(grid.rows.length - 1);
    const row = page.getByRole("row").filter({
      has: page.getByRole("button", { name: "+HW+FN", exact: true }),
    });
    const score = (
      (grid.rows.find(({ name }) => name === "+HW+FN")!.overall.mean ?? 0) * 100
    ).toFixed(1);
    expect(await row.innerText()).toContain(score);
    await expectSound(page);
    await page.close();
  },
  PATIENCE,
);

test(
  "main effects and interactions are the contrasts of the configurations' means",
  async () => {
    const page = await open(2);
    const { grid } = await shown(2);
    const mean = (chosen: (name: string) => boolean): number => {
      const rows = grid.rows.filter(({ name }) => chosen(name));
      return rows.reduce((sum, { overall }) => sum + overall.mean, 0) / rows.length;
    };
    const [hw, fn] = [
      (name: string) => name.includes("+HW"),
      (name: string) => name.includes("+FN"),
    ];
    const main = mean(hw) - mean((name) => !hw(name));
    const without = (factor: typeof hw) => (name: string) => !factor(name);
    const both = (a: typeof hw, b: typeof hw) => (name: string) => a(name) && b(name);
    const interaction =
      mean(both(hw, fn)) -
      mean(both(without(hw), fn)) -
      (mean(both(hw, without(fn))) - mean(both(without(hw), without(fn))));
    expect(main).toBeGreaterThan(0.05); // the fabricated effect is there
    const effects = section(page, "Main effects and interactions");
    await effects.locator("figure[data-drawn=true]").waitFor();
    const cells = (name: string): Promise<string> =>
      effects.getByRole("row").filter({ hasText: name }).first().innerText();
    expect(await cells("hardness weighting")).toContain(points(main));
    expect(await cells("hardness weighting × false-negative mask")).toContain(points(interaction));
    await picture(page, "ablation-effects");
    await page.close();
  },
  PATIENCE,
);

test(
  "the souping ladder shows members, soups and the seed-only control",
  async () => {
    const page = await open(2);
    const soups = section(page, "Souping ladder");
    await soups.locator("figure[data-drawn=true]").first().waitFor();
    const { soup } = await shown(2);
    for (const name of ["uniform soup", "greedy soup", "seed-only soup"]) {
      const { overall } = soup!.find((row) => row.name === name)!;
      const row = soups.getByRole("row").filter({ hasText: name }).first();
      expect(await row.innerText()).toContain((overall.mean * 100).toFixed(1));
    }
    await page.close();
  },
  PATIENCE,
);
