import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Report, reportHtml, reportJson, reportMarkdown } from "../../src/plot/index.ts";
import { launchBrowser } from "../support/browser.ts";
import { REPORT } from "./fixture.ts";
import { FAINT_TEXT, LINE_COLOURS, NAMELESS, WRONG_IDS } from "./probes.ts";

const plotlySource = readFileSync(
  createRequire(import.meta.url).resolve("plotly.js-dist-min"),
  "utf8",
);
/** Drawing takes 4 s on a quiet machine with two cores, and many times that on a busy one. */
const SLOW = { timeout: 240_000 };
const folder = mkdtempSync(join(tmpdir(), "rzenlab-report-"));
/** Most tests share one open page; each puts back what it changes. */
let browser: Browser;
let page: Page;
let said: string[];
let asked: string[];

/** The page as a reader opens it: from a file, without a network. */
async function open(report: Report): Promise<{ page: Page; said: string[]; asked: string[] }> {
  const file = join(folder, `${Math.random()}.html`);
  writeFileSync(file, reportHtml(report, { plotlySource }));
  const context = await browser.newContext({ offline: true });
  const page = await context.newPage();
  const said: string[] = [];
  const asked: string[] = [];
  page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(file).href, { waitUntil: "commit" });
  await drawn(page);
  return { page, said, asked };
}

async function drawn(page: Page): Promise<void> {
  await page.waitForSelector("html[data-drawn=all]", { timeout: SLOW.timeout / 2 });
}

beforeAll(async () => {
  browser = await launchBrowser();
  ({ page, said, asked } = await open(REPORT));
}, SLOW.timeout);
beforeEach(async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

test("offline: every figure is drawn, nothing is asked for, nothing is complained about", async () => {
  const plots = await page.locator(".plot").evaluateAll((all) =>
    all.map((plot) => ({
      id: plot.id,
      drawn: plot.getAttribute("data-drawn"),
      marks: plot.querySelectorAll("path, circle, rect").length,
    })),
  );
  expect(plots).toHaveLength(14);
  for (const { id, drawn, marks } of plots) {
    expect(drawn, id).toBe("yes");
    expect(marks, id).toBeGreaterThan(8);
  }
  expect(said).toEqual([]);
  expect(asked.filter((url) => !/^(file|data|blob):/.test(url))).toEqual([]);
});

test("no figure has the button that uploads it, which Plotly 4 shows by default", async () => {
  const titles = await page
    .locator(".modebar-btn")
    .evaluateAll((all) => all.map((button) => button.getAttribute("data-title") ?? ""));
  expect(titles.length).toBeGreaterThan(10);
  expect(titles.filter((title) => /share|cloud|produced/i.test(title))).toEqual([]);
});

test("the ablation table has the right cells", async () => {
  const table = page.locator("#table-ablation");
  expect(await table.locator("thead th").allInnerTexts()).toEqual([
    "Configuration",
    "Seeds",
    "Overall",
    "Image",
    "Video",
    "Documents",
    "Text *",
    "Δ overall",
    "p (Holm)",
  ]);
  expect(await table.locator("tbody tr").count()).toBe(8);
  const row = table.locator("tbody tr", { hasText: "4 (1 missing)" });
  const { overall, deltas } = REPORT.grid.rows[5]!;
  const cells = await row.locator("th, td").allInnerTexts();
  expect(cells[0]).toContain("+HW, tau learned");
  expect(cells[2]).toContain((100 * overall.mean).toFixed(1));
  expect(cells[7]).toContain(`−${Math.abs(100 * deltas!.overall.mean).toFixed(1)}†`);
  expect(cells[8]).toBe("< 0.001");
});

test("a table's header stays in sight while its rows scroll", async () => {
  await page.setViewportSize({ width: 1000, height: 420 });
  const table = page.locator("#table-ablation");
  const region = page.locator(".scroll", { has: table });
  expect(await region.evaluate((element) => (element.scrollTop = 200))).toBe(200);
  const head = (await table.locator("thead th").first().boundingBox())!;
  const box = (await region.boundingBox())!;
  expect(Math.abs(head.y - box.y)).toBeLessThan(2);
});

test("headings go down one level at a time, and everything that needs a name has one", async () => {
  const levels = await page
    .locator("h1, h2, h3, h4")
    .evaluateAll((all) => all.map((heading) => Number(heading.tagName[1])));
  expect(levels.filter((level) => level === 1)).toHaveLength(1);
  for (const [i, level] of levels.entries()) expect(level - (levels[i - 1] ?? 0)).toBeLessThan(2);
  expect(await page.evaluate(NAMELESS)).toEqual([]);
  expect(await page.evaluate(WRONG_IDS)).toEqual({ twice: [], missing: [] });
});

test(
  "light and dark, also when it changes: text has a contrast of 4.5 to 1, figures follow",
  SLOW,
  async () => {
    for (const [colorScheme, ink, line] of [
      ["dark", "#e8e9ea", "#3aa0ff"],
      ["light", "#1b1e23", "#1f63e8"],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await expect
        .poll(() => page.evaluate(LINE_COLOURS), { timeout: 50_000 })
        .toEqual([ink, line]);
      await drawn(page);
      expect(await page.evaluate(FAINT_TEXT), colorScheme).toEqual([]);
    }
  },
);

test("a phone shows it without scrolling the page sideways", async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
});

test("the gallery marks right and wrong in words too, and clips play when asked", async () => {
  const card = page.locator(".card", { hasText: "keyword-to-emoji" });
  expect(await card.locator(".verdict").first().innerText()).toBe(
    "✗ best right answer at rank 2 of 132 (baseline: rank 4)",
  );
  const marks = await card.locator("ol .hidden").allTextContents();
  expect(marks).toEqual(["wrong,", "right,", "wrong,", "wrong,", "wrong,"]);
  const broken = "[...document.images].filter((image) => image.naturalWidth === 0).length";
  expect(await page.evaluate(broken)).toBe(0);
  const animation = "getComputedStyle(document.querySelector('.film img')).animationName";
  expect(await page.evaluate(animation)).toBe("none");
  await page.locator("#play").check();
  expect(await page.evaluate(animation)).toBe("flip");
  await page.locator("#play").uncheck();
});

test("a report of the grid alone is a whole page, and hostile text stays text", SLOW, async () => {
  const nasty = `</script><script>document.title = "owned"</script><img src=x onerror="document.title='owned'"><!--`;
  const { grid, experiment, generatedAt, modalities, datasets, method, reproduction } = REPORT;
  const rows = grid.rows
    .slice(0, 2)
    .map((row, i) => (i === 1 ? { ...row, changes: nasty, name: nasty } : row));
  const report: Report = {
    title: nasty,
    summary: nasty,
    experiment,
    generatedAt,
    modalities,
    datasets,
    method,
    reproduction,
    grid: { ...grid, rows },
  };
  const bare = await open(report);
  const sections = await bare.page
    .locator("main > section")
    .evaluateAll((all) => all.map((section) => section.id));
  expect(sections).toEqual(["findings", "ablation", "modalities", "method", "reproduce"]);
  expect(await bare.page.title()).toBe(nasty);
  expect(await bare.page.locator("main img").count()).toBe(0);
  expect(bare.said).toEqual([]);
});

test("a picture from elsewhere is refused", () => {
  const [item] = REPORT.gallery!;
  const query = { kind: "image", pictures: ["https://example.org/a.png"] } as const;
  const report = { ...REPORT, gallery: [{ ...item!, query }] };
  expect(() => reportHtml(report, { plotlySource: "" })).toThrow(
    'report: a picture must be a data URI of an image, got "https://example.org/a.png"',
  );
});

test("Markdown has the findings and every table; JSON has the records without pictures", () => {
  const text = reportMarkdown(REPORT);
  for (const part of [
    "# What hardness",
    "## Findings",
    "### What hurts",
    "## Model soups",
    "| Configuration |",
    "```sh\nnpx rzenlab ablate quick",
  ]) {
    expect(text).toContain(part);
  }
  expect(text.match(/^\| ---/gm)).toHaveLength(8);
  const json = JSON.parse(reportJson(REPORT)) as Report & { findings: unknown[] };
  expect(json.grid).toEqual(REPORT.grid);
  expect(json.findings).toHaveLength(13);
  expect(reportJson(REPORT)).not.toContain("data:image");
  expect(json.gallery![1]!.results[1]).toEqual({
    id: "keyword-to-emoji-1",
    score: 0.75,
    relevant: true,
  });
});
