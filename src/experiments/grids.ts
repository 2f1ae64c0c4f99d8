/** @file The ablations as data: which configurations stand beside each other, and what differs. */
import type { TrainConfig, TrainConfigPatch } from "./config.ts";
import { ConfigError, layPatches, resolveConfig } from "./config.ts";
import { HEAD_STAGE2, LORA_STAGE2 } from "./recipes/stage2.ts";

/** One configuration of a grid. */
export type Cell = {
  /** Stable name and key of its colour in plots: "baseline", "+HW+FN, tau learned". */
  readonly name: string;
  /** The difference from the baseline in words. */
  readonly changes: string;
  readonly patch: TrainConfigPatch;
};

export type Grid = {
  readonly name: string;
  readonly title: string;
  /** What every cell shares: data, steps, batch, learning rate, start. */
  readonly base: TrainConfigPatch;
  readonly baseline: string;
  readonly cells: readonly Cell[];
  readonly note?: string;
};

const HW: TrainConfigPatch = { loss: { alpha: 9, stopGradient: true } };
const FN: TrainConfigPatch = { loss: { delta: 0.95 } };
const TAU: TrainConfigPatch = { loss: { temperature: { learnable: true } } };
const PROMPT: TrainConfigPatch = { model: { prompt: "system+representation" } };
const MERGE: TrainConfigPatch = { sampler: { mergeClassification: true } };
/** The paper raised the share of images, for the video loss converged sooner; its factors are not given. */
const RESAMPLE: TrainConfigPatch = { sampler: { resampling: { image: 2 } } };

const LOSSES: readonly Cell[] = [
  { name: "baseline", changes: "plain InfoNCE", patch: {} },
  { name: "+HW", changes: "+ hardness weighting", patch: HW },
  { name: "+FN", changes: "+ false-negative mask", patch: FN },
  { name: "+HW+FN", changes: "+ weighting and mask", patch: layPatches(HW, FN) },
];

/** {none, +HW, +FN, +HW+FN} x {tau fixed, tau learned} (spec 5.6). */
const FACTORIAL: readonly Cell[] = [
  ...LOSSES,
  ...LOSSES.map(({ name, changes, patch }) => ({
    name: name === "baseline" ? "tau learned" : `${name}, tau learned`,
    changes: name === "baseline" ? "+ learned temperature" : `${changes}, learned temperature`,
    patch: layPatches(patch, TAU),
  })),
];

/** Share of a batch's rows whose target another row repeats, in the control. */
export const PLANTED = 0.25;

/** The paper's own ladder (spec 2.1). Names carry its experiment numbers. */
const LADDER: readonly Cell[] = [
  { name: "Exp0", changes: "plain InfoNCE", patch: {} },
  { name: "Exp1", changes: "+ classification sets in one batch", patch: MERGE },
  { name: "Exp2", changes: "+ learned temperature", patch: TAU },
  { name: "Exp3", changes: "+ system prompt", patch: PROMPT },
  { name: "Exp4", changes: "+ all three", patch: layPatches(MERGE, TAU, PROMPT) },
  { name: "Exp5", changes: "Exp4 + resampling", patch: layPatches(MERGE, TAU, PROMPT, RESAMPLE) },
];

/** Mixtures of the soup's members: each leans to one modality. */
export const MIXTURES: readonly Cell[] = [
  {
    name: "mix image",
    changes: "image tasks x 3",
    patch: { sampler: { resampling: { image: 3 } } },
  },
  {
    name: "mix video",
    changes: "video tasks x 3",
    patch: { sampler: { resampling: { video: 3 } } },
  },
  {
    name: "mix visdoc",
    changes: "document tasks x 3",
    patch: { sampler: { resampling: { visdoc: 3 } } },
  },
];

const METHOD: TrainConfigPatch = layPatches(HW, FN, TAU, MERGE);

/** One mixture, three orders of data: what souping gives without diversity of data. */
export const SEED_MEMBERS: readonly Cell[] = [0, 1, 2].map((i) => ({
  name: `order ${i + 1}`,
  changes: `same mixture, data order ${i + 1}`,
  patch: {},
}));

export const GRIDS: Readonly<Record<string, Grid>> = {
  quick: {
    name: "quick",
    title: "Hardness weighting, false-negative mask and temperature (head on cached features)",
    base: HEAD_STAGE2,
    baseline: "baseline",
    cells: FACTORIAL,
  },
  full: {
    name: "full",
    title: "Hardness weighting, false-negative mask and temperature (LoRA)",
    base: LORA_STAGE2,
    baseline: "baseline",
    cells: FACTORIAL,
  },
  ladder: {
    name: "ladder",
    title: "The paper's ladder: merged classification, temperature, prompt, resampling",
    base: HEAD_STAGE2,
    baseline: "Exp0",
    cells: LADDER,
  },
  duplicates: {
    name: "duplicates",
    title: `Planted duplicates: ${PLANTED * 100} % of each batch repeats another row's target`,
    base: HEAD_STAGE2,
    baseline: "baseline",
    cells: [
      ...LOSSES,
      ...LOSSES.map(({ name, changes, patch }) => ({
        name: `${name}, planted`,
        changes: `${changes}, planted duplicates`,
        patch: layPatches(patch, { sampler: { plantDuplicates: PLANTED } }),
      })),
    ],
  },
  soup: {
    name: "soup",
    title: "Members of the soups: three mixtures, and one mixture in three orders",
    base: layPatches(HEAD_STAGE2, METHOD),
    baseline: SEED_MEMBERS[0]!.name,
    cells: [...SEED_MEMBERS, ...MIXTURES],
  },
};

/** A grid by name, or an error that lists those there are. */
export function gridOf(name: string): Grid {
  const found = Object.hasOwn(GRIDS, name) ? GRIDS[name] : undefined;
  if (found === undefined) {
    throw new ConfigError(`no grid "${name}"; there are ${Object.keys(GRIDS).join(", ")}`);
  }
  return found;
}

/** One run of a grid. `replicate` is what statistics pair by; it equals the seed but for `order` cells. */
export type PlannedRun = {
  readonly grid: string;
  readonly cell: string;
  readonly replicate: number;
  readonly config: TrainConfig;
};

/**
 * Every run of a grid, seed by seed, so that an interrupted grid has whole replicates.
 *
 * @param patch laid over the grid's base, under its cells: a tiny version of a grid for a test
 */
export function planGrid(grid: Grid, seeds: number, patch: TrainConfigPatch = {}): PlannedRun[] {
  return Array.from({ length: seeds }, (_, replicate) =>
    grid.cells.map((cell) => {
      const order = SEED_MEMBERS.indexOf(cell);
      // Members of a soup must start from one point: only the order of data differs.
      const seed = order > 0 ? 1000 * order + replicate : replicate;
      const identity: TrainConfigPatch = {
        recipe: `${grid.name}: ${cell.name}`,
        seed,
        model: { initSeed: replicate },
      };
      return {
        grid: grid.name,
        cell: cell.name,
        replicate,
        config: resolveConfig([grid.base, patch, cell.patch, identity]),
      };
    }),
  ).flat();
}
