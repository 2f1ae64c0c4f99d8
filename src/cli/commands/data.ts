/** @file `rzenlab data prepare|verify`. */
import { prepareMini, verify as verifyData } from "../../data/index.ts";
import type { GlobalOptions } from "../main.ts";
import { columns, printResult, progressPrinter } from "../output.ts";
import { placesOf } from "../places.ts";

/** Builds mini-MMEB where it is not there yet. */
export async function prepare(
  options: GlobalOptions & { readonly pretraining?: boolean },
): Promise<void> {
  const places = placesOf(options.home);
  const { pretraining = false } = options;
  const { root, manifest } = await prepareMini(pretraining ? places.pretraining : places.data, {
    pretraining,
    onProgress: progressPrinter(),
  });
  const tests = manifest.tasks.filter((task) => task.split === "test").length;
  const queries = manifest.tasks.reduce((sum, task) => sum + task.queries, 0);
  const text = `mini-MMEB is ready in ${root}: ${tests} test tasks, ${queries} queries in all splits`;
  printResult(options.json, { root, ...manifest }, text);
}

/** Reads everything back, recomputes counts and digests, and compares them with what is written. */
export async function verify(options: GlobalOptions): Promise<void> {
  const { data } = placesOf(options.home);
  const { tasks, problems } = await verifyData(data, { onProgress: progressPrinter() });
  const rows = tasks.map((t) => [
    t.name,
    t.modality,
    t.metaTask,
    t.kind,
    t.split,
    String(t.queries),
    String(t.candidates),
    t.digest.slice(0, 12),
  ]);
  const header = [
    "task",
    "modality",
    "meta-task",
    "kind",
    "split",
    "queries",
    "candidates",
    "digest",
  ];
  printResult(options.json, { tasks }, columns([header, ...rows]));
  if (problems.length > 0) {
    const list = problems.map(({ task, message }) => `  ${task}: ${message}`).join("\n");
    throw new Error(`data verify: ${problems.length} problems\n${list}`);
  }
}
