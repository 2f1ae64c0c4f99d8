/** @file The runs of a view as a file, written some hundred at a time: memory doesn't go by how many there are. */
import { Readable } from "node:stream";
import { setImmediate as others } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import type { BasicType } from "hyparquet-writer";
import { csv } from "../../plot/format.ts";
import type { RunReader } from "../../tracking/index.ts";
import { valueOf } from "../run-value.ts";
import type { Orders } from "./run-order.ts";
import { knownColumns, runRows } from "./run-rows.ts";
import type { RunChoice, RunRow } from "./types.ts";

/** Runs read at once; also the rows of a Parquet row group. */
const BATCH = 500;

type Query = RunChoice & { readonly columns?: string };
type Table = {
  readonly columns: readonly string[];
  /** Rows with the columns asked for, or whole; other requests are answered in between. */
  readonly batches: (wanted: readonly string[]) => AsyncIterable<readonly RunRow[]>;
};
type Format = {
  readonly type: string;
  readonly write: (table: Table) => AsyncIterable<string | Uint8Array>;
};

const FORMATS: Readonly<Record<string, Format>> = {
  csv: { type: "text/csv; charset=utf-8", write: csvOf },
  json: { type: "application/json; charset=utf-8", write: jsonOf },
  parquet: { type: "application/vnd.apache.parquet", write: parquetOf },
};

/** `columns` are all if none is named. CSV and Parquet have these columns, JSON has whole runs. */
export function runExportRoute(app: FastifyInstance, store: RunReader, orders: Orders): void {
  const { connection } = store;
  app.get<{ Params: { name: string; format: string }; Querystring: Query }>(
    "/api/ui/experiments/:name/runs/export/:format",
    ({ params, query }, reply) => {
      const format = Object.hasOwn(FORMATS, params.format) ? FORMATS[params.format] : undefined;
      if (format === undefined) {
        const known = Object.keys(FORMATS).join(", ");
        throw new RangeError(`format: expected one of ${known}, got "${params.format}"`);
      }
      const { id, name } = store.experiment(params.name);
      const { serials } = orders.of(id, query);
      const columns = query.columns ? query.columns.split(",") : knownColumns(connection, id);
      async function* batches(wanted: readonly string[]): AsyncGenerator<RunRow[]> {
        for (let at = 0; at < serials.length; at += BATCH) {
          await others();
          yield runRows(connection, serials.slice(at, at + BATCH), wanted, { exact: true });
        }
      }
      const file = encodeURIComponent(`${name}-runs.${params.format}`);
      void reply.header("content-type", format.type);
      void reply.header("content-disposition", `attachment; filename*=UTF-8''${file}`);
      return reply.send(Readable.from(format.write({ columns, batches }), { objectMode: false }));
    },
  );
}

async function* csvOf({ columns, batches }: Table): AsyncGenerator<string> {
  yield `${columns.map(csv).join(",")}\n`;
  const cell = (run: RunRow, id: string): string => {
    const value = valueOf(run, id);
    return value === null ? "" : isTime(id) ? new Date(value).toISOString() : csv(String(value));
  };
  for await (const runs of batches(columns)) {
    yield runs.map((run) => `${columns.map((id) => cell(run, id)).join(",")}\n`).join("");
  }
}

/** A list of runs, a line each. NaN and infinities are text, as in MLflow's answers. */
async function* jsonOf({ batches }: Table): AsyncGenerator<string> {
  const exact = (_key: string, value: unknown): unknown =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  let before = "[\n";
  for await (const runs of batches(["*"])) {
    for (const run of runs) {
      yield before + JSON.stringify(run, exact);
      before = ",\n";
    }
  }
  yield before === "[\n" ? "[]\n" : "\n]\n";
}

/** Numbers stay numbers, times are times, what isn't there is null. Reads all runs twice: first for the types. */
async function* parquetOf({ columns, batches }: Table): AsyncGenerator<Uint8Array> {
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
  const texts = new Set<string>();
  for await (const runs of batches(columns)) {
    for (const id of columns) {
      if (!texts.has(id) && runs.some((run) => typeof valueOf(run, id) === "string")) texts.add(id);
    }
  }
  const typeOf = (id: string): BasicType =>
    isTime(id) ? "TIMESTAMP" : texts.has(id) ? "STRING" : "DOUBLE";
  const valuesOf = (runs: readonly RunRow[], id: string): unknown[] =>
    runs.map((run) => {
      const value = valueOf(run, id);
      if (value === null) return null;
      return isTime(id) ? new Date(value) : texts.has(id) ? String(value) : value;
    });
  const columnData = (runs: readonly RunRow[]) =>
    columns.map((id) => ({ name: id, type: typeOf(id), data: valuesOf(runs, id) }));
  const bytes = new ByteWriter();
  const written = (): Uint8Array => {
    const chunk = new Uint8Array(bytes.buffer, 0, bytes.index).slice();
    bytes.index = 0;
    return chunk;
  };
  const file = new ParquetWriter({
    writer: bytes,
    schema: schemaFromColumnData({ columnData: columnData([]) }),
  });
  for await (const runs of batches(columns)) {
    void file.write({ columnData: columnData(runs), rowGroupSize: BATCH });
    yield written();
  }
  void file.finish();
  yield written();
}

function isTime(id: string): boolean {
  return id === "startTime" || id === "endTime";
}
