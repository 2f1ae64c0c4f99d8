/** @file Figures of papers, as fractions, with where they stand. Not ours, never mixed with ours. */
import type { PaperScores } from "../plot/types.ts";

function scores(overall: number, image: number, video: number, visdoc: number): PaperScores {
  const fraction = (percent: number): number => Math.round(percent * 10) / 1000;
  return {
    overall: fraction(overall),
    modalities: { image: fraction(image), video: fraction(video), visdoc: fraction(visdoc) },
  };
}

/** RzenEmbed (arXiv 2510.27350v1) Table 3: Qwen2-VL-2B on the 78 data sets of MMEB-V2. */
export const PAPER_LADDER: Readonly<Record<string, PaperScores>> = {
  Exp0: scores(65.7, 71.4, 43.5, 73.8),
  Exp1: scores(66.3, 71.0, 45.3, 75.0),
  Exp2: scores(66.4, 71.5, 44.0, 75.3),
  Exp3: scores(66.4, 71.3, 45.0, 75.0),
  Exp4: scores(66.7, 71.6, 45.8, 75.0),
  Exp5: scores(67.2, 72.3, 47.3, 74.5),
};

/** What a report must say about the outside figures there are, and about those there aren't. */
export const OUTSIDE_FIGURES: readonly string[] = [
  "RzenEmbed (arXiv 2510.27350v1) has no ablation of hardness weighting or of the false-negative mask, so there is no figure of the paper to compare those rows with.",
  "The nearest outside figure for hardness weighting is LLaVE's (arXiv 2503.04812, 2B, MMEB-V1): +1.1 points overall, +0.8 in-domain, +1.4 out-of-domain over plain InfoNCE.",
  "The paper's ladder (its Table 3) was measured with a 2B model on the 78 data sets of MMEB-V2; ours is a model a thousand times smaller on another benchmark. Compare signs and order, not values.",
];
