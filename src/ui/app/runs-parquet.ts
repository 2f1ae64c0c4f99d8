/** @file The runs table as Parquet: numbers stay numbers, times are times, what isn't there is null. */
import type { RunRow } from "../server/types.ts";
import type { Column } from "./columns.ts";

/** One column each, named by its id. The writer is fetched when first asked for. */
export async function runsParquet(
  runs: readonly RunRow[],
  columns: readonly Column[],
): Promise<ArrayBuffer> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  return parquetWriteBuffer({
    columnData: columns.map((column) => {
      if (column.id === "startTime") {
        const data = runs.map(({ startTime }) => new Date(startTime));
        return { name: column.id, data, type: "TIMESTAMP" as const };
      }
      const values = runs.map((run) => column.value(run)).map((one) => (one === "" ? null : one));
      const numeric = values.every((one) => one === null || typeof one === "number");
      return numeric
        ? { name: column.id, data: values, type: "DOUBLE" as const }
        : {
            name: column.id,
            data: values.map((one) => (one === null ? null : String(one))),
            type: "STRING" as const,
          };
    }),
  });
}
