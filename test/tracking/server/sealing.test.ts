import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { expect, test, vi } from "vitest";
import { serve } from "../client/support.ts";
import { freshRun } from "../support.ts";

test("the server seals long series in the background, and their histories stay whole", async () => {
  const { address, store } = await serve();
  const run = freshRun(store);
  const points = Array.from({ length: 9_500 }, (_, step) => ({ key: "loss", value: step, step }));
  store.logMetrics(run.id, points);
  const chunks = (): unknown => {
    const sql = new Sqlite(join(store.folder, "rzenlab.db"), { readonly: true });
    try {
      return sql.prepare("SELECT count(*) FROM chunks").pluck().get();
    } finally {
      sql.close();
    }
  };
  await vi.waitFor(() => expect(chunks()).toBe(2), { timeout: 20_000 });
  const query = `run_id=${run.id}&metric_key=loss&max_results=25000`;
  const answer = await fetch(`${address}/api/2.0/mlflow/metrics/get-history?${query}`);
  const { metrics } = (await answer.json()) as { metrics: { step: number }[] };
  expect(metrics.map(({ step }) => step)).toEqual(points.map(({ step }) => step));
});
