/**
 * @file Our kernel in JupyterLab, in headless Chromium, as a person uses it. Screenshots land in .cache/jupyter/shots.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { jupyterPython } from "../support/jupyter/environment.ts";
import { jupyterEnvironment, notebook } from "../support/jupyter/kernelspec.ts";

const TOKEN = "a-token-for-this-test";
const shots = join(import.meta.dirname, "../../.cache/jupyter/shots");
const folder = mkdtempSync(join(tmpdir(), "rzenlab-lab-"));
let server: ChildProcess;
let browser: Browser;
let page: Page;
let log = "";

const CELLS = [
  { markdown: "# What JupyterLab shows" },
  { code: "const losses = [0.9, 0.5, 0.3, 0.2];\nlosses.map((loss, step) => ({ step, loss }))" },
  {
    code: "({ data: [{ type: 'scatter', y: losses, mode: 'lines+markers' }], layout: { title: { text: 'Loss by step' } } })",
  },
  {
    code: `const bar = display({ "text/html": "<progress max=100 value=0></progress> 0 %", "text/plain": "0 %" }, { raw: true });
for (let i = 1; i <= 100; i++) {
  await new Promise((resolve) => setTimeout(resolve, 30));
  bar.update({ "text/html": \`<progress max=100 value=\${i}></progress> \${i} %\`, "text/plain": \`\${i} %\` }, { raw: true });
}`,
  },
  { code: "console.log('last cell', losses.length)" },
];

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => {
    probe.listen(0, "127.0.0.1", resolve);
  });
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

beforeAll(async () => {
  const python = jupyterPython();
  const env = jupyterEnvironment(folder);
  mkdirSync(shots, { recursive: true });
  mkdirSync(join(folder, "work"));
  writeFileSync(join(folder, "work", "tour.ipynb"), notebook(CELLS));
  const port = await freePort();
  server = spawn(
    python,
    [
      ...["-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"],
      `--ServerApp.port=${port}`,
      `--IdentityProvider.token=${TOKEN}`,
      `--ServerApp.root_dir=${join(folder, "work")}`,
      "--LabApp.news_url=None",
      "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ],
    { env, cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
  );
  for (const stream of [server.stdout!, server.stderr!]) stream.on("data", (text) => (log += text));
  const address = `http://127.0.0.1:${port}`;
  for (let i = 0; ; i++) {
    const answer = await fetch(`${address}/api/status?token=${TOKEN}`).catch(() => undefined);
    if (answer?.ok) break;
    if (i > 600 || server.exitCode !== null) throw new Error(`JupyterLab does not start:\n${log}`);
    await delay(200);
  }
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  await page.goto(`${address}/lab/tree/tour.ipynb?token=${TOKEN}&reset`);
  await page.waitForSelector(".jp-Notebook .jp-Cell", { timeout: 120_000 });
  await idle();
}, 300_000);

afterAll(async () => {
  await browser?.close();
  server?.kill("SIGTERM");
  if (server?.exitCode === null) await new Promise((resolve) => server.once("exit", resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** Waits until the kernel's mark in the notebook's toolbar is that of an idle one. */
async function idle(): Promise<void> {
  await page.waitForSelector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', {
    timeout: 120_000,
  });
}

const cell = (index: number): Locator => page.locator(".jp-Notebook .jp-Cell").nth(index);
const shoot = (name: string): Promise<Buffer> =>
  page.screenshot({ path: join(shots, `${name}.png`) });

/** Runs a command of JupyterLab's menus by its label. */
async function menu(name: string, item: string): Promise<void> {
  await page.locator(".lm-MenuBar-item", { hasText: new RegExp(`^${name}$`) }).click();
  await page.locator(".lm-Menu-item", { hasText: item }).first().click();
}

/** Adds a cell at the end with a text, in edit mode, the cursor at its end. */
async function newCell(text: string): Promise<Locator> {
  const count = await page.locator(".jp-Notebook .jp-Cell").count();
  await cell(count - 1)
    .locator(".jp-InputPrompt")
    .first()
    .click();
  await page.keyboard.press("b");
  const added = cell(count);
  await added.locator(".cm-content").click();
  await page.keyboard.insertText(text);
  return added;
}

test("runs all cells: results, a table, a Plotly figure, a progress bar that moves", async () => {
  await menu("Run", "Run All Cells");
  const bar = cell(3).locator("progress");
  await bar.waitFor({ timeout: 60_000 });
  const seen = new Set<string | null>();
  for (let i = 0; i < 6; i++) {
    seen.add(await bar.getAttribute("value"));
    if (i === 3) await shoot("progress");
    await delay(250);
  }
  expect(seen.size, "the bar stood still").toBeGreaterThan(2);
  await cell(4)
    .locator(".jp-OutputArea-output", { hasText: "last cell 4" })
    .waitFor({ timeout: 60_000 });
  expect(await cell(1).locator(".jp-OutputArea-output table tbody tr").count()).toBe(4);
  await cell(2).locator(".jp-OutputArea-output").scrollIntoViewIfNeeded();
  await cell(2)
    .locator(".js-plotly-plot .scatterlayer .trace, .jp-OutputArea-output svg")
    .first()
    .waitFor({ timeout: 30_000 });
  await delay(500);
  await shoot("run-all");
  expect(await cell(4).locator(".jp-InputPrompt").first().textContent()).toBe("[4]:");
}, 240_000);

test("completes members with types", async () => {
  const added = await newCell("losses.");
  await page.keyboard.press("Tab");
  const box = page.locator(".jp-Completer");
  await box
    .locator(".jp-Completer-item", { hasText: "toSorted" })
    .first()
    .waitFor({ timeout: 30_000 });
  await shoot("complete");
  await page.keyboard.press("Escape");
  expect(await added.locator(".cm-content").textContent()).toBe("losses.");
}, 120_000);

test("shows signature and type on Shift-Tab", async () => {
  await newCell("losses.map");
  await page.keyboard.press("Shift+Tab");
  const tip = page.locator(".jp-Tooltip");
  await tip.waitFor({ timeout: 30_000 });
  await shoot("hover");
  expect(await tip.textContent()).toContain("callbackfn");
  await page.keyboard.press("Escape");
}, 120_000);

test("interrupts a busy cell and keeps its state", async () => {
  const busy = await newCell("let turns = 0; while (true) turns++;");
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector('.jp-Notebook-ExecutionIndicator[data-status="busy"]', {
    timeout: 30_000,
  });
  await delay(500);
  await menu("Kernel", "Interrupt Kernel");
  await busy
    .locator(".jp-OutputArea-output", { hasText: "KeyboardInterrupt" })
    .waitFor({ timeout: 15_000 });
  await shoot("interrupt");
  const after = await newCell("console.log('kept', turns > 0, losses.length)");
  await page.keyboard.press("Control+Enter");
  await after
    .locator(".jp-OutputArea-output", { hasText: "kept true 4" })
    .waitFor({ timeout: 15_000 });
}, 120_000);

test("restarts without its state", async () => {
  await menu("Kernel", "Restart Kernel");
  await page
    .locator(".jp-Dialog button.jp-mod-warn, .jp-Dialog button.jp-mod-accept")
    .last()
    .click();
  await idle();
  const after = await newCell("console.log('losses' in globalThis, typeof losses)");
  await page.keyboard.press("Control+Enter");
  await after
    .locator(".jp-OutputArea-output", { hasText: /undefined|ReferenceError/ })
    .first()
    .waitFor({ timeout: 30_000 });
  expect(await after.locator(".jp-InputPrompt").first().textContent()).toBe("[1]:");
  await shoot("restart");
}, 120_000);
