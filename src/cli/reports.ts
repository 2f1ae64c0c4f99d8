/** @file A report in each of its formats. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type Workshop, buildReport, queriesOf } from "../experiments/index.ts";
import type { ReportSource } from "../ui/server/index.ts";
import { type Report, reportHtml, reportJson, reportLatex, reportMarkdown } from "../plot/index.ts";

/**
 * What the tracker's pages ask of the experiments: statistics, retrievals, the offline page.
 *
 * @param report how a report is made; a server gives one that doesn't hold it up (report-cache.ts)
 */
export function reportSource(
  shop: Workshop,
  report: ReportSource["report"] = (experiment) =>
    buildReport(shop, experiment, { command: "npm ci && npm start", wallSeconds: 0 }),
): ReportSource {
  return {
    report,
    queries: (experiment, choice) => queriesOf(shop, experiment, choice),
    html: (report) => renderReport(report, "html"),
  };
}

export const REPORT_FORMATS = ["html", "md", "json", "latex"] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** The report as text; html is one page that needs no network. */
export async function renderReport(report: Report, format: ReportFormat): Promise<string> {
  switch (format) {
    case "html": {
      const plotly = createRequire(import.meta.url).resolve("plotly.js-dist-min/plotly.min.js");
      return reportHtml(report, { plotlySource: await readFile(plotly, "utf8") });
    }
    case "md":
      return reportMarkdown(report);
    case "json":
      return reportJson(report);
    case "latex":
      return reportLatex(report);
  }
}
