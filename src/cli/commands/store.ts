/** @file `rzenlab store gc` and `rzenlab store optimize`: a smaller, faster file. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { RunWriter } from "../../tracking/index.ts";
import type { GlobalOptions } from "../main.ts";
import { printResult } from "../output.ts";
import { placesOf } from "../places.ts";
import { wholeNumber } from "../usage.ts";

const DAY_MS = 86_400_000;

type GcCommandOptions = GlobalOptions & { readonly olderThan: string };

/** Takes out for ever what was deleted some days ago. */
export async function gc(options: GcCommandOptions): Promise<void> {
  const olderThanMs = wholeNumber("older-than", options.olderThan, 0) * DAY_MS;
  using store = RunWriter.open(placesOf(options.home).store);
  const result = store.gc({ olderThanMs });
  const text = `${result.runs} runs and ${result.experiments} experiments removed; "rzenlab store optimize" gives the space back`;
  printResult(options.json, result, text);
}

/** Seals long series and rewrites the file without holes. */
export async function optimize(options: GlobalOptions): Promise<void> {
  const { store: folder } = placesOf(options.home);
  const bytes = (): number => statSync(join(folder, "rzenlab.db")).size;
  using store = RunWriter.open(folder);
  const before = bytes();
  store.optimize();
  const result = { bytesBefore: before, bytesAfter: bytes() };
  const mb = (n: number): string => `${(n / 1e6).toFixed(1)} MB`;
  printResult(options.json, result, `${mb(before)} -> ${mb(result.bytesAfter)}`);
}
