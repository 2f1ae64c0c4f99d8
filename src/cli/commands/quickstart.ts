/** @file `rzenlab quickstart`, what `npm start` runs: every quick ablation, then its report. */
import { join } from "node:path";
import { availableParallelism } from "node:os";
import { buildReport, localLauncher, runQuickstart, writeAtomic } from "../../experiments/index.ts";
import { findingsOf } from "../../plot/index.ts";
import type { GlobalOptions } from "../main.ts";
import { duration, printResult } from "../output.ts";
import { placesOf } from "../places.ts";
import { keepReport } from "../report-cache.ts";
import { REPORT_FORMATS, renderReport } from "../reports.ts";
import { withSession } from "../session.ts";
import { wholeNumber } from "../usage.ts";
import { showPages } from "./ui.ts";

type QuickstartOptions = GlobalOptions & { readonly seeds: string; readonly serve: boolean };

const EXPERIMENT = "quickstart";

/** Prepares, trains, compares, writes the report, and opens the tracker on it if a person is there. */
export async function quickstart(options: QuickstartOptions): Promise<void> {
  const seeds = wholeNumber("seeds", options.seeds);
  const start = performance.now();
  const report = await withSession(options, async ({ shop, places, onProgress, signal }) => {
    const launcher = localLauncher({ jobs: Math.min(4, availableParallelism()), places });
    await runQuickstart(shop, { experiment: EXPERIMENT, seeds, launcher, onProgress, signal });
    const wallSeconds = (performance.now() - start) / 1000;
    const made = await buildReport(shop, EXPERIMENT, {
      command: "npm ci && npm start",
      wallSeconds,
    });
    await keepReport(shop, EXPERIMENT, made);
    return made;
  });
  const folder = placesOf(options.home).reports;
  const files: Record<string, string> = {};
  for (const format of REPORT_FORMATS) {
    const file = join(folder, `${EXPERIMENT}.${format === "latex" ? "tex" : format}`);
    await writeAtomic(file, Buffer.from(await renderReport(report, format)));
    files[format] = file;
  }
  const findings = findingsOf(report);
  const lines = findings.map(({ verdict, text }) => `  ${verdict.padEnd(8)} ${text}`);
  const took = duration((performance.now() - start) / 1000);
  const text = `What ${seeds} seeds tell (${took}):\n${lines.join("\n")}\n\nReport: ${files["html"]}`;
  printResult(options.json, { files, findings }, text);
  if (!options.serve || !process.stdout.isTTY || !process.stdin.isTTY) return;
  await showPages({ ...options, port: "0", open: true, path: `/ui/${EXPERIMENT}/ablation` });
}
