/** @file What the tables say, in plain words: what helps, what hurts, what cannot be told. */
import { delta as deltaText, percent, points, pText } from "./format.ts";
import { columnsOf, excludesZero, isSignificant, type ModalityLabel } from "./levels.ts";
import type {
  AblationRow,
  AblationTable,
  BaselineRow,
  Delta,
  DuplicatesControl,
  Finding,
  Report,
  SoupRow,
} from "./types.ts";

/** Every finding of a report: the grid's first, then baselines, control and soups. */
export function findingsOf(report: Report): Finding[] {
  return [
    ...gridFindings(report.grid, report.modalities),
    ...(report.duplicates ? duplicatesFindings(report.duplicates) : []),
    ...(report.soup ? soupFindings(report.soup) : []),
    ...(report.baselines ? baselineFindings(report.baselines, report.modalities) : []),
  ];
}

/** One for each configuration. It helps or hurts only if it is significant after Holm's correction. */
export function gridFindings(
  table: AblationTable,
  modalities: readonly ModalityLabel[],
): Finding[] {
  return table.rows.flatMap((row): Finding[] => {
    const delta = row.deltas?.overall;
    if (!delta) return [];
    if (row.members < 2) {
      const text = `${row.name}: one seed only, so nothing can be said of it.`;
      return [{ verdict: "unclear", text }];
    }
    const size = `${deltaText(delta)} points overall, ${correctedText(delta)}`;
    if (!isSignificant(delta, table.alpha)) {
      return [{ verdict: "unclear", text: `${row.name}: ${size}. ${boundText(delta)}` }];
    }
    const verdict = delta.mean > 0 ? "helps" : "hurts";
    const text = `${row.name} ${verdict}: ${size}.${modalityText(row, modalities)}`;
    return [{ verdict, text }];
  });
}

function duplicatesFindings({ rate, interaction }: DuplicatesControl): Finding[] {
  if (!interaction) return [];
  const share = `With ${percent(rate, 0)} % planted duplicates`;
  const size = `${deltaText(interaction)} points`;
  const verdict = verdictOf(interaction);
  const text = {
    helps: `${share} the mask gives more where hardness weighting is on, as the formulas predict: ${size}.`,
    hurts: `${share} the mask gives less where hardness weighting is on, against the prediction: ${size}.`,
    unclear: `${share} it cannot be told whether the mask gives more where hardness weighting is on: ${size}.`,
  };
  return [{ verdict, text: text[verdict] }];
}

function soupFindings(rows: readonly SoupRow[]): Finding[] {
  return rows.flatMap((row): Finding[] => {
    if (!row.delta) return [];
    const size = `${deltaText(row.delta)} points`;
    const verdict = verdictOf(row.delta);
    const words = {
      helps: "is better than its best member",
      hurts: "is worse than its best member",
      unclear: "cannot be told from its best member",
    };
    return [{ verdict, text: `${row.name} ${words[verdict]}: ${size} (not corrected).` }];
  });
}

/** Whether the final model is ahead of every baseline on every modality. */
function baselineFindings(
  rows: readonly BaselineRow[],
  modalities: readonly ModalityLabel[],
): Finding[] {
  const final = rows.find((row) => row.deltas === null)?.name ?? "The model";
  return rows.flatMap((row): Finding[] => {
    if (!row.deltas) return [];
    const deltas = row.deltas;
    const behind = columnsOf(modalities).filter((column) => {
      const delta = column.delta({ deltas });
      return delta && !(delta.low > 0);
    });
    const size = `${deltaText(deltas.overall)} points overall`;
    if (behind.length === 0) {
      const text = `${final} beats ${row.name} on every modality: ${size}.`;
      return [{ verdict: "helps", text }];
    }
    const where = behind
      .map((column) => `${column.label} ${deltaText(column.delta({ deltas }))}`)
      .join(", ");
    const worse = behind.every((column) => column.delta({ deltas })!.high < 0);
    const text = `${final} does not surely beat ${row.name} on ${where}; ${size}.`;
    return [{ verdict: worse ? "hurts" : "unclear", text }];
  });
}

function verdictOf(delta: Delta): Finding["verdict"] {
  if (!excludesZero(delta)) return "unclear";
  return delta.mean > 0 ? "helps" : "hurts";
}

function correctedText(delta: Delta): string {
  return delta.pHolm === null
    ? `${pText(delta.p)}, not corrected`
    : `${pText(delta.pHolm)} after Holm's correction`;
}

/** How large an effect could still hide behind the interval. */
function boundText({ low, high }: Delta): string {
  if (low > 0 || high < 0) {
    return "The interval leaves out 0, but the correction for several comparisons takes the significance away.";
  }
  return `It cannot be told; the data speak against a gain above ${percent(high)} or a loss above ${percent(-low)} points.`;
}

/** Where the gain or loss shows, by intervals alone. */
function modalityText(row: AblationRow, modalities: readonly ModalityLabel[]): string {
  const shown = modalities.flatMap(({ id, label }) => {
    const delta = row.deltas?.modalities[id];
    return excludesZero(delta) ? [{ label, mean: delta!.mean }] : [];
  });
  if (shown.length === 0) return " No single modality shows it clearly.";
  const list = shown
    .sort((a, b) => Math.abs(b.mean) - Math.abs(a.mean))
    .map(({ label, mean }) => `${label} ${points(mean)}`)
    .join(", ");
  return ` By modality (intervals that leave out 0, not corrected): ${list}.`;
}
