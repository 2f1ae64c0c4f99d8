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
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { jupyterPython } from "../support/jupyter/environment.ts";
import { jupyterEnvironment, notebook } from "../support/jupyter/kernelspec.ts";

/** JupyterLab takes half a minute to load on a machine that others use, too. */
const WAIT = { timeout: 120_000 };
const TOKEN = "a-token-for-this-test";
const shots = join(import.meta.dirname, "../../.cache/jupyter/shots");
const folder = mkdtempSync(join(tmpdir(), "rzenlab-lab-"));
let server: ChildProcess;
let browser: Browser;
let page: Page;
let log = "";

/** Ends the progress bar's cell once the bar was seen to move. */
const seenFile = join(folder, "seen");

/** What `expose_app_in_browser` shows of JupyterLab. */
type Lab = {
  readonly jupyterapp: {
    readonly restored: Promise<void>;
    readonly serviceManager: { readonly kernelspecs: { readonly ready: Promise<void> } };
    readonly shell: {
      readonly currentWidget: {
        readonly sessionContext?: {
          readonly session: {
            readonly kernel: { readonly status: string; readonly connectionStatus: string } | null;
          } | null;
        };
      } | null;
    };
    readonly commands: { execute(id: string, args?: object): Promise<unknown> };
  };
};

const CELLS = [
  { markdown: "# What JupyterLab shows" },
  { code: "const losses = [0.9, 0.5, 0.3, 0.2];\nlosses.map((loss, step) => ({ step, loss }))" },
  {
    code: `const y = losses;\n({ data: [{ type: "scatter", y, mode: "lines+markers" }], layout: { title: { text: "Loss by step" }, height: 300 } })`,
  },
  {
    code: `import { existsSync } from "node:fs";
const show = (i: number) => ({ "text/html": \`<progress max=100 value=\${i}></progress> \${i} %\`, "text/plain": \`\${i} %\` });
const bar = display(show(0), { raw: true });
for (let i = 1; !existsSync(${JSON.stringify(seenFile)}); i = (i % 99) + 1) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  bar.update(show(i), { raw: true });
}
void bar.update(show(100), { raw: true });`,
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
  mkdirSync(join(folder, "config", "labconfig"), { recursive: true });
  writeFileSync(
    join(folder, "config", "labconfig", "default_setting_overrides.json"),
    JSON.stringify({ "@jupyterlab/apputils-extension:notification": { fetchNews: "false" } }),
  );
  const port = await freePort();
  server = spawn(
    python,
    [
      "-m",
      "jupyterlab",
      "--no-browser",
      "--allow-root",
      "--ServerApp.ip=127.0.0.1",
      `--ServerApp.port=${port}`,
      `--IdentityProvider.token=${TOKEN}`,
      `--ServerApp.root_dir=${join(folder, "work")}`,
      "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
      // Commands by their id: menus move and their labels change with the state.
      "--LabApp.expose_app_in_browser=True",
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
  page.setDefaultTimeout(WAIT.timeout);
  await page.goto(`${address}/lab?token=${TOKEN}&reset`);
  await page.waitForFunction(() => "jupyterapp" in globalThis, undefined, WAIT);
  // Opened before the list of kernels is there, a notebook asks which one it is for.
  await page.evaluate(async () => {
    const { jupyterapp } = globalThis as unknown as Lab;
    await jupyterapp.restored;
    await jupyterapp.serviceManager.kernelspecs.ready;
    await jupyterapp.commands.execute("docmanager:open", { path: "tour.ipynb" });
  });
  await page.waitForSelector(".jp-Notebook .jp-Cell");
  await idle();
}, 600_000);

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await shoot(`failed ${task.name.slice(0, 20)}`);
});

afterAll(async () => {
  await browser?.close();
  server?.kill("SIGTERM");
  if (server?.exitCode === null) await new Promise((resolve) => server.once("exit", resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** Waits until the notebook is connected to a kernel with nothing to do. The mark in the toolbar says so too early. */
async function idle(): Promise<void> {
  await page.waitForFunction(
    () => {
      const { currentWidget } = (globalThis as unknown as Lab).jupyterapp.shell;
      const kernel = currentWidget?.sessionContext?.session?.kernel;
      return kernel?.status === "idle" && kernel.connectionStatus === "connected";
    },
    undefined,
    WAIT,
  );
}

const cell = (index: number): Locator => page.locator(".jp-Notebook .jp-Cell").nth(index);
const shoot = (name: string): Promise<Buffer> =>
  page.screenshot({ path: join(shots, `${name}.png`) });

/** Runs a command of JupyterLab, as its menus do; does not wait for what the command waits for. */
function command(id: string): Promise<void> {
  return page.evaluate((name) => {
    void (globalThis as unknown as Lab).jupyterapp.commands.execute(name);
  }, id);
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
  await command("notebook:run-all-cells");
  const bar = cell(3).locator("progress");
  await bar.waitFor();
  const seen = new Set<string | null>();
  await expect
    .poll(async () => seen.add(await bar.getAttribute("value")).size, WAIT)
    .toBeGreaterThan(3);
  writeFileSync(seenFile, "");
  await cell(4).locator(".jp-OutputArea-output", { hasText: "last cell 4" }).waitFor();
  expect(await cell(1).locator(".jp-OutputArea-output table tbody tr").count()).toBe(4);
  await cell(2).locator(".jp-OutputArea-output").scrollIntoViewIfNeeded();
  await cell(2)
    .locator(".js-plotly-plot .scatterlayer .trace, .jp-OutputArea-output svg")
    .first()
    .waitFor();
  await delay(500);
  await shoot("run-all");
  expect(await bar.getAttribute("value")).toBe("100");
  expect(await cell(4).locator(".jp-InputPrompt").first().textContent()).toBe("[4]:");
});

test("completes members with types", async () => {
  const added = await newCell("losses.");
  const item = page.locator(".jp-Completer .jp-Completer-item", { hasText: "toSorted" }).first();
  // JupyterLab waits a second for completions and then shows none; a person presses Tab again.
  for (let i = 0; i < 20 && !(await item.isVisible()); i++) {
    await page.keyboard.press("Tab");
    await item.waitFor({ timeout: 6_000 }).catch(() => undefined);
  }
  await item.waitFor();
  await shoot("complete");
  await page.keyboard.press("Escape");
  expect(await added.locator(".cm-content").textContent()).toBe("losses.");
});

test("shows signature and type on Shift-Tab", async () => {
  await newCell("losses.map");
  await page.keyboard.press("Shift+Tab");
  const tip = page.locator(".jp-Tooltip");
  await tip.waitFor();
  await shoot("hover");
  expect(await tip.textContent()).toContain("callbackfn");
  await page.keyboard.press("Escape");
});

test("interrupts a busy cell and keeps its state", async () => {
  const busy = await newCell("let turns = 0; while (true) turns++;");
  await page.keyboard.press("Control+Enter");
  await page.waitForSelector('.jp-Notebook-ExecutionIndicator[data-status="busy"]', WAIT);
  await page
    .locator('.jp-NotebookPanel-toolbar [data-command="notebook:interrupt-kernel"]')
    .click();
  await busy.locator(".jp-OutputArea-output", { hasText: "KeyboardInterrupt" }).waitFor();
  await shoot("interrupt");
  const after = await newCell("console.log('kept', turns > 0, losses.length)");
  await page.keyboard.press("Control+Enter");
  await after.locator(".jp-OutputArea-output", { hasText: "kept true 4" }).waitFor();
});

test("restarts without its state", async () => {
  await command("notebook:restart-kernel");
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
    .waitFor();
  expect(await after.locator(".jp-InputPrompt").first().textContent()).toBe("[1]:");
  await shoot("restart");
});

test("debugs a cell: a breakpoint in the gutter, a stop, variables, a step, and on to the end", async () => {
  await page.locator(".jp-DebuggerBugButton").click();
  await page.waitForSelector('.jp-DebuggerBugButton[aria-pressed="true"]');
  const added = await newCell(
    "function weigh(loss: number): number {\n  const weight = { loss, twice: loss * 2 };\n  return weight.twice;\n}\nconst weighed = weigh(21);\nweighed",
  );
  // The first element of a gutter is its measure.
  const gutter = added.locator(".cm-breakpoint-gutter .cm-gutterElement");
  await gutter.nth(2).click();
  await gutter.nth(2).locator(".cm-breakpoint-icon").waitFor();
  await added.locator(".cm-content").click();
  await page.keyboard.press("Control+Enter");
  const panel = page.locator("#jp-debugger-sidebar");
  const frames = panel.locator(".jp-DebuggerCallstackFrame");
  await frames.nth(1).waitFor();
  expect(await frames.locator(".jp-DebuggerCallstackFrame-name").allTextContents()).toEqual([
    "weigh",
    "<cell>",
  ]);
  const variables = panel.locator(".jp-DebuggerVariables-body, .jp-DebuggerVariables");
  await variables.getByText("21", { exact: true }).first().waitFor();
  await panel.locator('[data-command="debugger:next"]').click();
  await frames.first().getByText(/:3$/).waitFor();
  await variables.getByText("{loss: 21, twice: 42}").first().waitFor();
  await shoot("debugger");
  await panel.locator('[data-command="debugger:continue"]').click();
  await added.locator(".jp-OutputArea-output", { hasText: "42" }).waitFor();
  await page.locator(".jp-DebuggerBugButton").click();
  await page.waitForSelector('.jp-DebuggerBugButton[aria-pressed="false"]');
});
