/** @file The losses by name, as a table of differences from plain InfoNCE. */
import type { InfoNceOptions } from "./infonce.ts";
import { qwenMask, unimeMask } from "./masks.ts";
import { hardness, hclWeight, rowNormalised } from "./weights.ts";

export type VariantName =
  | "infonce"
  | "rzenembed"
  | "rzenembed-literal"
  | "llave"
  | "unime"
  | "qwen3-stage1"
  | "qwen3"
  | "hcl"
  | "row-normalised";

/** Everything of a loss but the embeddings. `temperature` is what its authors use. */
export type Variant = Omit<InfoNceOptions, "query" | "target" | "temperature" | "hardNegatives"> & {
  readonly temperature?: number;
};

/** Sources: spec 1.3 and 1.4. */
export const VARIANTS: Readonly<Record<VariantName, Variant>> = {
  infonce: {},
  /** Mask by targets, weight by hardness; the weight detached as in LLaVE. Temperature learned. */
  rzenembed: { alpha: 9, delta: 0.95 },
  /** The same with the formula read literally: the weight is differentiated too. */
  "rzenembed-literal": { alpha: 9, stopGradient: false, delta: 0.95 },
  llave: { alpha: 9, symmetric: true, temperature: 0.02 },
  unime: { mask: unimeMask(), temperature: 0.02 },
  "qwen3-stage1": { mask: qwenMask(), sameSideNegatives: true },
  qwen3: { mask: qwenMask() },
  /** Defaults of the published code: beta 1, class prior 0.1, t 0.5. */
  hcl: { weight: hclWeight(), debias: { classPrior: 0.1 }, temperature: 0.5 },
  /** Hardness weights that keep the summed weight of a row, so that the loss stays comparable. */
  "row-normalised": { weight: rowNormalised(hardness({ alpha: 9 })) },
};
