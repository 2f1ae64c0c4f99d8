/**
 * @file What notebooks import: values that show themselves, and experiments that outlive the notebook.
 *
 *     import { ablate, display, figure, table } from "rzenlab/notebook";
 *
 * Works in our kernel, tslab, Deno's kernel and plain Node, each as richly as it can show.
 */
export { Ablation, NotebookRun, ablate, addresses, run } from "./ablate.ts";
export type { AblateOptions, RunOptions } from "./ablate.ts";
export { JobError } from "./background.ts";
export { DISPLAY, Shown, bundleOf } from "./bundle.ts";
export type { MimeBundle } from "./bundle.ts";
export { Comparison, compare } from "./compare.ts";
export type { CompareOptions, Group } from "./compare.ts";
export { display, html } from "./display.ts";
export type { DisplayHandle } from "./display.ts";
export { figure } from "./figure.ts";
export type { FigureOptions } from "./figure.ts";
export { gallery } from "./gallery.ts";
export type { GalleryEntry, GalleryOptions } from "./gallery.ts";
export { host } from "./host.ts";
export type { Host, HostName } from "./host.ts";
export {
  NotebookError,
  codeCells,
  parseNotebook,
  portable,
  sourceOf,
  withParameters,
} from "./ipynb.ts";
export type { Cell, Notebook, Output } from "./ipynb.ts";
export type { JobMember } from "./job.ts";
export { homeFolder, placesOf, runAddress } from "./places.ts";
export { ProgressBar, progress } from "./progress.ts";
export { runs } from "./runs.ts";
export type { RunFilter } from "./runs.ts";
export { embedTask, workshop } from "./workshop.ts";
export type { TaskEmbeddings, WorkshopFilter } from "./workshop.ts";
export { figureSvg } from "./svg.ts";
export { table } from "./table.ts";
export type { TableOptions } from "./table.ts";
