/** @file Reports computed beside the server and kept on disk until their runs change. */
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { ReportError, type Workshop, reportStamp, writeAtomic } from "../experiments/index.ts";
import type { Report } from "../plot/index.ts";
import type { ReportReply, ReportRequest } from "./report-child.ts";

/** Raised by hand when statistics or records change. */
const REPORT_VERSION = "1";

/** The report of an experiment: from disk if none of its runs changed since, else computed by a process of its own. */
export async function cachedReport(shop: Workshop, experiment: string): Promise<Report> {
  const file = fileOf(shop, experiment);
  if (existsSync(file)) return JSON.parse(await readFile(file, "utf8")) as Report;
  const { places } = shop;
  const report = await computed({ places, experiment, command: "npm ci && npm start" });
  await keepReport(shop, experiment, report);
  return report;
}

/** Keeps a report that was made elsewhere, so that the pages open on it at once. */
export async function keepReport(
  shop: Workshop,
  experiment: string,
  report: Report,
): Promise<void> {
  await writeAtomic(fileOf(shop, experiment), Buffer.from(JSON.stringify(report)));
}

function fileOf(shop: Workshop, experiment: string): string {
  return join(shop.places.home, "cache", "reports", `${stampOf(shop, experiment)}.json`);
}

function stampOf({ store }: Workshop, experiment: string): string {
  const { name } = store.experiment(experiment);
  const follows = [REPORT_VERSION, name, reportStamp(store, name)];
  return createHash("sha256").update(JSON.stringify(follows)).digest("hex").slice(0, 32);
}

async function computed(request: ReportRequest): Promise<Report> {
  const extension = extname(import.meta.filename); // .ts in a checkout, .js in the package
  const child = fork(join(import.meta.dirname, `report-child${extension}`), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
  });
  child.send(request);
  const reply = await new Promise<ReportReply>((resolve, reject) => {
    child.once("message", (message) => resolve(message as ReportReply));
    child.once("error", reject);
    child.once("exit", (code) => {
      reject(new Error(`the report of ${request.experiment} was not finished: exit code ${code}`));
    });
  });
  if ("report" in reply) return reply.report;
  if (reply.error.name === "ReportError") throw new ReportError(reply.error.message);
  throw new Error(reply.error.message);
}
