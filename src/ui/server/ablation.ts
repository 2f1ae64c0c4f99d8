/** @file An experiment's ablation as the report computes it, and its queries one by one. */
import type { FastifyInstance } from "fastify";
import type { QueryPage, Report } from "../../plot/types.ts";
import { reportLatex, reportMarkdown, reportJson, ablationCsv } from "../../plot/index.ts";
import { type QueryChoice, reportStamp } from "../../experiments/index.ts";
import type { RunReader } from "../../tracking/index.ts";
import { versionOf } from "./live.ts";
import type { AblationPage } from "./types.ts";

/** Where statistics come from: `src/experiments` over the store and the prepared data. */
export type ReportSource = {
  report(experiment: string): Promise<Report>;
  /** Every query of a task under two configurations, page by page. */
  queries(experiment: string, choice: QueryChoice): Promise<QueryPage>;
  /** The whole report as one offline page. */
  html(report: Report): Promise<string>;
};

/** Each query brings small pictures with it. */
const MAX_QUERIES = 50;

type ByName = { Params: { name: string } };

const TYPES: Readonly<Record<string, string>> = {
  md: "text/markdown; charset=utf-8",
  tex: "application/x-tex; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  json: "application/json; charset=utf-8",
  html: "text/html; charset=utf-8",
};

export function ablationRoutes(app: FastifyInstance, store: RunReader, source: ReportSource): void {
  const report = cachedReports(store, source);
  app.get<ByName>(
    "/api/ui/experiments/:name/ablation",
    async ({ params }): Promise<AblationPage> => {
      const { gallery: _, ...page } = await report(params.name);
      return page;
    },
  );
  app.get<ByName & { Querystring: Readonly<Record<string, string | undefined>> }>(
    "/api/ui/experiments/:name/queries",
    ({ params, query }) => {
      const { task = "", configuration = "", before = "" } = query;
      return source.queries(params.name, {
        task,
        configuration,
        before,
        offset: whole("offset", query["offset"] ?? "0", 0, Number.MAX_SAFE_INTEGER),
        limit: whole("limit", query["limit"] ?? "20", 1, MAX_QUERIES),
      });
    },
  );
  app.get<{ Params: { name: string; format: string } }>(
    "/api/ui/experiments/:name/export/:format",
    async ({ params: { name, format } }, reply) => {
      const type = TYPES[format];
      if (type === undefined) {
        return reply
          .code(404)
          .send({ error: `no format ${format}; there are ${Object.keys(TYPES).join(", ")}` });
      }
      const text = await exported(await report(name), format, source);
      void reply.header("content-type", type);
      void reply.header(
        "content-disposition",
        `attachment; filename*=UTF-8''${encodeURIComponent(`${name}.${format}`)}`,
      );
      return reply.send(text);
    },
  );
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw Object.assign(
    new RangeError(`${name}: expected a whole number from ${least} to ${most}, got "${text}"`),
    { statusCode: 400 },
  );
}

function exported(report: Report, format: string, source: ReportSource): string | Promise<string> {
  if (format === "md") return reportMarkdown(report);
  if (format === "tex") return reportLatex(report);
  if (format === "csv") return ablationCsv(report.grid);
  return format === "json" ? reportJson(report) : source.html(report);
}

type KnownReport = {
  /** Of the store when it was last looked at, and of what the report was made from. */
  version: string;
  readonly stamp: string;
  readonly report: Promise<Report>;
};

/** One report an experiment, made again when anything it is made from has changed. */
function cachedReports(store: RunReader, source: ReportSource): (name: string) => Promise<Report> {
  const known = new Map<string, KnownReport>();
  return (given) => {
    const { name } = store.experiment(given);
    const version = versionOf(store);
    const found = known.get(name);
    if (found?.version === version) return found.report;
    const stamp = reportStamp(store, name);
    if (found?.stamp === stamp) {
      found.version = version;
      return found.report;
    }
    const made = { version, stamp, report: source.report(name) };
    known.set(name, made);
    made.report.catch(() => {
      if (known.get(name) === made) known.delete(name);
    });
    return made.report;
  };
}
