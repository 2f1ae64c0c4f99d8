/** @file Checks that say "this score would be meaningless" before anyone reads it (spec section 4). */
import type { Matrix } from "./embeddings.ts";
import type { ScoredQuery } from "./scorer.ts";

export type Finding = {
  readonly level: "error" | "warning";
  readonly code: "NON_FINITE" | "ZERO_ROWS" | "NEAR_CONSTANT" | "DUPLICATE_ROWS" | "MANY_TIES";
  /** Names the task and the side. */
  readonly message: string;
};

/** Limits of the checks; shares are of rows or queries, in [0, 1]. */
export const PREFLIGHT_LIMITS = {
  /** Fewer rows than this can be alike by chance: they aren't called near-constant. */
  minRows: 4,
  /** Mean cosine of two different rows. Raw multimodal models sit near 0.9; at 0.9999 it is one point. */
  meanCosine: { warning: 0.98, error: 0.9999 },
  /** Rows that repeat an earlier row bit by bit. */
  duplicateRows: { warning: 0.1 },
  /** Queries whose best positive ties with a non-positive. */
  ties: { warning: 0.02, error: 0.5 },
} as const;

/** Checks one side's matrix [rows, dim]; `name` is task and side, e.g. "i2t/noto: queries". */
export function checkEmbeddings(matrix: Matrix, name: string): Finding[] {
  const broken = nonFiniteRows(matrix);
  if (broken.count > 0) {
    const where = `${broken.count} of ${matrix.rows} rows, first row ${broken.first}`;
    return [
      { level: "error", code: "NON_FINITE", message: `${name}: NaN or infinity in ${where}` },
    ];
  }
  const findings: Finding[] = [];
  const { zeroRows, meanCosine, duplicateRows } = summarise(matrix);
  if (zeroRows > 0) {
    const message = `${name}: ${zeroRows} of ${matrix.rows} rows are zero`;
    findings.push({ level: "error", code: "ZERO_ROWS", message });
  }
  const { minRows, meanCosine: cosine, duplicateRows: duplicates } = PREFLIGHT_LIMITS;
  if (matrix.rows >= minRows && meanCosine > cosine.warning) {
    const level = meanCosine > cosine.error ? "error" : "warning";
    const message = `${name}: near-constant, two rows have a mean cosine of ${meanCosine.toFixed(5)}`;
    findings.push({ level, code: "NEAR_CONSTANT", message });
  }
  if (duplicateRows / matrix.rows > duplicates.warning) {
    const message = `${name}: ${duplicateRows} of ${matrix.rows} rows repeat an earlier one exactly`;
    findings.push({ level: "warning", code: "DUPLICATE_ROWS", message });
  }
  return findings;
}

/** Checks the ranked queries of `task` for ties, those whose ties were counted. */
export function checkTies(queries: readonly ScoredQuery[], task: string): Finding[] {
  const counted = queries.filter((q) => q.ties !== null);
  const tied = counted.filter((q) => q.ties! > 0).length;
  const share = tied / counted.length;
  const { warning, error } = PREFLIGHT_LIMITS.ties;
  if (!(share > warning)) return [];
  const message = `${task}: in ${tied} of ${counted.length} queries the best positive ties with a wrong candidate`;
  return [{ level: share > error ? "error" : "warning", code: "MANY_TIES", message }];
}

function nonFiniteRows({ rows, dim, data }: Matrix): { count: number; first: number } {
  let count = 0;
  let first = -1;
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let i = r * dim; i < (r + 1) * dim; i++) sum += data[i]! - data[i]!; // NaN if any is not finite
    if (sum === 0) continue;
    if (first < 0) first = r;
    count++;
  }
  return { count, first };
}

/** The mean cosine over pairs needs no pairs: |sum of unit rows|^2 = rows + sum of the pairs' cosines. */
function summarise({ rows, dim, data }: Matrix): {
  zeroRows: number;
  meanCosine: number;
  duplicateRows: number;
} {
  const total = new Float64Array(dim);
  const seen = new Map<number, number[]>();
  let zeroRows = 0;
  let duplicateRows = 0;
  for (let r = 0; r < rows; r++) {
    const start = r * dim;
    let square = 0;
    let hash = 0;
    for (let i = start; i < start + dim; i++) {
      square += data[i]! * data[i]!;
      hash = Math.fround(hash * 1.618033988 + data[i]! * 2.236067977);
    }
    const twins = seen.get(hash);
    if (twins === undefined) seen.set(hash, [r]);
    else if (twins.some((twin) => sameRow(data, dim, twin, r))) duplicateRows++;
    else twins.push(r);
    if (square === 0) zeroRows++;
    else for (let i = 0; i < dim; i++) total[i] = total[i]! + data[start + i]! / Math.sqrt(square);
  }
  const unitRows = rows - zeroRows;
  let square = 0;
  for (const x of total) square += x * x;
  const pairs = unitRows * (unitRows - 1);
  return { zeroRows, duplicateRows, meanCosine: pairs > 0 ? (square - unitRows) / pairs : 0 };
}

function sameRow(data: Float32Array, dim: number, a: number, b: number): boolean {
  for (let i = 0; i < dim; i++) if (data[a * dim + i] !== data[b * dim + i]) return false;
  return true;
}
