/** @file `rzenlab export`: a run's encoder as an ONNX file. */
import { exportRun as writeEncoder } from "../../experiments/index.ts";
import type { Bucket } from "../../model/index.ts";
import type { GlobalOptions } from "../main.ts";
import { printResult } from "../output.ts";
import { withWorkshop } from "../session.ts";
import { oneOf, wholeNumber } from "../usage.ts";

type ExportOptions = GlobalOptions & {
  readonly input: string;
  readonly batch: string;
  readonly tokens: string;
};

/** Patch grids [time, height, width] of what the nano encoder sees. */
const VISION = {
  text: undefined,
  image: { grid: [1, 8, 8], still: true },
  video: { grid: [4, 6, 6], still: false },
  page: { grid: [1, 18, 12], still: true },
} as const;
const INPUTS = Object.keys(VISION) as (keyof typeof VISION)[];

/** Writes the file for one kind of input; an ONNX file of ours has fixed shapes. */
export async function exportRun(run: string, file: string, options: ExportOptions): Promise<void> {
  const kind = VISION[oneOf("input", options.input, INPUTS)];
  const batch = wholeNumber("batch", options.batch);
  const tokens = wholeNumber("tokens", options.tokens);
  const vision = kind === undefined ? undefined : { count: batch, ...kind };
  const bucket: Bucket = vision === undefined ? { batch, tokens } : { batch, tokens, vision };
  await withWorkshop(options, ({ shop }) => writeEncoder(shop, run, file, bucket));
  printResult(options.json, { run, file, bucket }, file);
}
