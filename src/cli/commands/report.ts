/** @file `rzenlab report`: the ablation report of an experiment. */
import { join } from "node:path";
import { buildReport, writeAtomic } from "../../experiments/index.ts";
import type { GlobalOptions } from "../main.ts";
import { printResult } from "../output.ts";
import { placesOf } from "../places.ts";
import { REPORT_FORMATS, renderReport } from "../reports.ts";
import { withSession } from "../session.ts";
import { oneOf } from "../usage.ts";

type ReportOptions = GlobalOptions & { readonly format: string; readonly out?: string };

/** Writes a file, or the text formats to stdout when no file is named. */
export async function report(experiment: string, options: ReportOptions): Promise<void> {
  const format = oneOf("format", options.format, REPORT_FORMATS);
  const text = await withSession(options, async ({ shop }) => {
    const command = `rzenlab report ${experiment} --format ${format}`;
    return renderReport(await buildReport(shop, experiment, { command, wallSeconds: 0 }), format);
  });
  if (options.out === undefined && format !== "html") {
    process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    return;
  }
  const file = options.out ?? join(placesOf(options.home).reports, `${experiment}.html`);
  await writeAtomic(file, Buffer.from(text));
  printResult(options.json, { file }, file);
}
