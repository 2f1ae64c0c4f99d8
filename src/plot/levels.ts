/** @file The columns of a report: overall and modalities, by name, with their estimates and deltas. */
import type { AblationRow, AblationTable, Delta, Estimate } from "./types.ts";

export type ModalityLabel = {
  readonly id: string;
  readonly label: string;
  readonly inOverall: boolean;
};

/** One column of scores: overall, or a modality. */
export type Column = {
  readonly id: string;
  readonly label: string;
  /** A group that is shown beside the overall mean, not part of it. */
  readonly beside: boolean;
  readonly estimate: (of: Scored) => Estimate | undefined;
  readonly delta: (of: { readonly deltas: Deltas | null }) => Delta | undefined;
};

type Scored = {
  readonly overall: Estimate;
  readonly modalities: Readonly<Record<string, Estimate>>;
};
type Deltas = { readonly overall: Delta; readonly modalities: Readonly<Record<string, Delta>> };

export const OVERALL: Column = {
  id: "overall",
  label: "Overall",
  beside: false,
  estimate: (of) => of.overall,
  delta: (of) => of.deltas?.overall,
};

/** Overall, then the modalities in the report's order. */
export function columnsOf(modalities: readonly ModalityLabel[]): Column[] {
  return [OVERALL, ...modalityColumns(modalities)];
}

export function modalityColumns(modalities: readonly ModalityLabel[]): Column[] {
  return modalities.map(({ id, label, inOverall }) => ({
    id,
    label,
    beside: !inOverall,
    estimate: (of) => of.modalities[id],
    delta: (of) => of.deltas?.modalities[id],
  }));
}

/** Modalities as they come in a table's first row, for callers without a report. */
export function modalitiesOf(table: AblationTable): ModalityLabel[] {
  return Object.keys(table.rows[0]?.modalities ?? {}).map((id) => ({
    id,
    label: id.charAt(0).toUpperCase() + id.slice(1),
    inOverall: true,
  }));
}

/** True where the corrected p is below alpha: the only thing called significant here. */
export function isSignificant(delta: Delta | undefined | null, alpha: number): boolean {
  return delta !== null && delta !== undefined && delta.pHolm !== null && delta.pHolm < alpha;
}

/** True where the interval leaves 0 out, corrected or not. */
export function excludesZero(delta: Delta | undefined | null): boolean {
  return delta !== null && delta !== undefined && (delta.low > 0 || delta.high < 0);
}

export function baselineOf(table: AblationTable): AblationRow {
  const row = table.rows.find(({ name }) => name === table.baseline);
  if (!row) {
    const names = table.rows.map(({ name }) => name).join(", ");
    throw new RangeError(`${table.title}: no row named ${table.baseline} among ${names}`);
  }
  return row;
}
