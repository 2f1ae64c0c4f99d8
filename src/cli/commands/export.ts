/** @file `rzenlab export`: a run's encoder as a folder, or as an ONNX file of fixed shapes. */
import { exportRunFolder, exportRun as writeEncoder } from "../../experiments/index.ts";
import type { Bucket } from "../../model/index.ts";
import type { GlobalOptions } from "../main.ts";
import { printResult } from "../output.ts";
import { withWorkshop } from "../session.ts";
import { UsageError, oneOf, wholeNumber } from "../usage.ts";

type ExportOptions = GlobalOptions & {
  readonly input?: string;
  readonly batch?: string;
  readonly tokens?: string;
};

/** Patch grids [time, height, width] of what the nano encoder sees. */
const VISION = {
  text: undefined,
  image: { grid: [1, 8, 8], still: true },
  video: { grid: [4, 6, 6], still: false },
  page: { grid: [1, 18, 12], still: true },
} as const;
const INPUTS = Object.keys(VISION) as (keyof typeof VISION)[];

/** Writes a folder that serves every input, or, to a name that ends in .onnx, a file for one kind of input. */
export async function exportRun(
  run: string,
  target: string,
  options: ExportOptions,
): Promise<void> {
  if (target.endsWith(".onnx")) {
    await exportFile(run, target, options);
    return;
  }
  for (const name of ["input", "batch", "tokens"] as const) {
    if (options[name] !== undefined) {
      throw new UsageError(
        `--${name}: only for a file that ends in .onnx; a folder serves every input`,
      );
    }
  }
  await withWorkshop(options, async ({ shop }) => exportRunFolder(shop, run, target));
  printResult(options.json, { run, folder: target }, target);
}

async function exportFile(run: string, file: string, options: ExportOptions): Promise<void> {
  const kind = VISION[oneOf("input", options.input ?? "text", INPUTS)];
  const batch = wholeNumber("batch", options.batch ?? "1");
  const tokens = wholeNumber("tokens", options.tokens ?? "64");
  const vision = kind === undefined ? undefined : { count: batch, ...kind };
  const bucket: Bucket = vision === undefined ? { batch, tokens } : { batch, tokens, vision };
  await withWorkshop(options, ({ shop }) => writeEncoder(shop, run, file, bucket));
  printResult(options.json, { run, file, bucket }, file);
}
