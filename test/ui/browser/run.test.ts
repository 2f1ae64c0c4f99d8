import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Graph, linear, tensor, writeOnnx } from "../../../src/engine/index.ts";
import { Workshop, recipe, resolveConfig } from "../../../src/experiments/index.ts";
import { recordRun } from "../../../src/experiments/record.ts";
import { launchBrowser } from "../../support/browser.ts";
import { PATIENCE, type Served, expectSound, openPage, picture, servePages } from "./support.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-ui-"));
let shop: Workshop;
let served: Served;
let browser: Browser;
let running: string;
let failed: string;
let foreign: string;

beforeAll(async () => {
  shop = await Workshop.open({ dataRoot: join(home, "data"), home, store: join(home, "store") });
  running = await makeRun();
  failed = await makeRun();
  shop.store.setTags(failed, { "rzenlab.error": "loss is NaN at step 12" });
  shop.store.finishRun(failed, "FAILED");
  const experimentId = shop.store.getOrCreateExperiment("elsewhere");
  foreign = shop.store.createRun({ experimentId, name: "from Python" }).id;
  shop.store.finishRun(foreign);
  served = await servePages(shop);
  browser = await launchBrowser();
}, 300_000);
afterAll(async () => {
  await browser.close();
  await served.app.close();
  await shop.close();
  rmSync(home, { recursive: true, force: true });
});

/** A run with all that a page can show, still running. */
async function makeRun(): Promise<string> {
  const { store } = shop;
  const id = recordRun(store, {
    experiment: "trial",
    name: "first try",
    config: resolveConfig(recipe("baseline"), ["seed=3", "steps=50"]),
    tasks: [],
    dataDigest: "d".repeat(64),
    startDigest: "s".repeat(64),
    environment: {
      commit: "c0ffee".padEnd(40, "0"),
      dirtyDiff: "@@ -1 +1 @@\n-const a = 1;\n+const a = 2;\n",
      versions: { node: "24.0.0" },
      machine: "2 cores",
    },
    tags: { "rzenlab.notebook.path": "ablate.ipynb", "rzenlab.notebook.cell": "c4" },
  });
  store.logInputs(id, [{ dataset: { name: "emoji", digest: "e1" } }]);
  const steps = Array.from({ length: 50 }, (_, step) => step);
  store.logMetrics(
    id,
    steps.flatMap((step) => [
      { key: "loss", value: 3 / (1 + step), step },
      { key: "system/rss_mb", value: 400 + step, step },
    ]),
  );
  for (const [step, background] of [
    [0, "#c03"],
    [100, "#07c"],
  ] as const) {
    const png = await sharp({ create: { width: 60, height: 40, channels: 3, background } })
      .png()
      .toBuffer();
    store.logArtifact(id, `images/nearest%step%${step}%timestamp%170000${step}%0a1b.png`, png);
  }
  store.logArtifact(id, "scores.csv", 'task,score\n"emoji, small",0.5\n');
  store.logArtifact(id, "page.html", "<h1>Attention</h1><script>document.title = 'x'</script>");
  store.logArtifact(id, "train.log", "step 1\nstep 2 <b>bold</b>\n");
  store.logArtifact(id, "paper.pdf", onePage());
  store.logArtifact(id, "encoder.onnx", model());
  return id;
}

function onePage(): string {
  const bodies = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] >>",
  ];
  const objects = bodies.map((body, i) => `${i + 1} 0 obj\n${body}\nendobj\n`).join("");
  return `%PDF-1.4\n${objects}trailer\n<< /Size 4 /Root 1 0 R >>\n%%EOF\n`;
}

function model(): Uint8Array {
  const graph = new Graph();
  graph.output("y", linear(graph.input("x", [2, 4]), graph.parameter("weight", [3, 4])));
  return writeOnnx(graph, new Map([["weight", tensor(new Float32Array(12), [3, 4])]]));
}

const open = (id: string, options = {}): Promise<Page> =>
  openPage(browser, `${served.address}/ui/run/${id}`, options);

test(
  "a running run: curves, where it came from, what can be done",
  async () => {
    const page = await open(running);
    await page.getByRole("img", { name: /^loss: 1 line over step up to 49$/ }).waitFor();
    await page.getByRole("heading", { name: "Machine" }).waitFor();
    await page.getByRole("checkbox", { name: "log y" }).press("Space");
    await page.getByLabel("Smoothing").selectOption("10 % of a run");
    await page.getByRole("img", { name: /^loss: 1 line over step up to 49, log y$/ }).waitFor();
    expect(page.url()).toContain("log=y");
    expect(page.url()).toContain("smooth=10");
    const text = await page.locator("main").innerText();
    expect(text).toContain("ablate.ipynb");
    expect(text).toContain("c0ffee");
    expect(text).toContain("stop it with Ctrl-C where it was started");
    await expectSound(page);
    await picture(page, "run");
    await page.close();
  },
  PATIENCE,
);

test(
  "curves grow while it runs",
  async () => {
    const page = await open(running);
    await page
      .getByRole("img", { name: /over step up to 49$/ })
      .first()
      .waitFor();
    shop.store.logMetrics(running, [{ key: "loss", value: 0.01, step: 60 }]);
    await page.getByRole("img", { name: /^loss: 1 line over step up to 60$/ }).waitFor();
    await page.close();
  },
  PATIENCE,
);

test(
  "notes are Markdown that is saved as MLflow's tag, and cannot run anything",
  async () => {
    const page = await open(failed);
    await page.getByRole("button", { name: "Write notes" }).press("Enter");
    const note =
      "**Bad** start <img src=x onerror=\"document.title='hacked'\"> [a](javascript:alert(1))";
    await page.getByLabel("Notes in Markdown").fill(note);
    await page.getByRole("button", { name: "Save", exact: true }).press("Enter");
    await page.getByRole("button", { name: "Edit notes" }).waitFor();
    expect(shop.store.run(failed).tags["mlflow.note.content"]).toBe(note);
    const html = await page.locator(".markdown").innerHTML();
    expect(html).toContain("<strong>Bad</strong>");
    expect(html).not.toMatch(/onerror|javascript:/);
    expect(await page.title()).toBe("trial · RzenLab");
    await page.close();
  },
  PATIENCE,
);

test(
  "a failed run says why and how to go on; its command follows changed settings",
  async () => {
    const page = await open(failed, { scheme: "dark", width: 390, height: 844 });
    await page.getByRole("alert").filter({ hasText: "loss is NaN at step 12" }).waitFor();
    await page.getByText(`npx rzenlab resume ${failed}`).waitFor();
    await page.locator("summary", { hasText: "Run again with" }).press("Enter");
    await page.getByLabel("seed", { exact: true }).fill("8");
    await page.locator("pre", { hasText: / seed=8 / }).waitFor();
    await expectSound(page);
    await picture(page, "run-phone");
    await page.close();
  },
  PATIENCE,
);

test(
  "files are shown: pictures by step, tables, text, HTML without scripts, PDF, ONNX",
  async () => {
    const page = await open(running);
    const slider = page.getByRole("slider");
    await page.getByRole("img", { name: "nearest at step 100" }).waitFor();
    await slider.press("ArrowLeft");
    await page.getByRole("img", { name: "nearest at step 0" }).waitFor();
    expect(await page.getByLabel("train.log", { exact: true }).innerText()).toContain(
      "step 2 <b>bold</b>",
    );
    const show = (name: string): Promise<void> =>
      page.getByRole("button", { name: `show ${name}`, exact: true }).press("Enter");
    await show("scores.csv");
    await page.getByRole("cell", { name: "emoji, small" }).waitFor();
    await show("page.html");
    await page.frameLocator("iframe").getByRole("heading", { name: "Attention" }).waitFor();
    await show("paper.pdf");
    await page.getByText("page 1 of 1").waitFor();
    await show("encoder.onnx");
    await page.getByText(/^12 parameters in the file, \d+ operations/).waitFor();
    expect(await page.locator("main").innerText()).toContain("float32 [2, 4]");
    await page.locator("summary", { hasText: "Uncommitted changes" }).press("Enter");
    await page.locator(".diff .added", { hasText: "+const a = 2;" }).waitFor();
    await picture(page, "run-files");
    await page.close();
  },
  PATIENCE,
);

test(
  "a run of another tool, and one that is not there, say so",
  async () => {
    const page = await open(foreign);
    const text = await page.locator("main").innerText();
    expect(text).toContain("it was not made by rzenlab");
    expect(text).toContain("The run kept no files.");
    await expectSound(page);
    await page.goto(`${served.address}/ui/run/${"0".repeat(32)}`);
    await page.getByRole("alert").filter({ hasText: "no run with id" }).waitFor();
    await page.close();
  },
  PATIENCE,
);
