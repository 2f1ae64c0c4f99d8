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

/** Every finding of a report, what can be told first; within that the grid's, the control's, the soups', the baselines'. */
export function findingsOf(report: Report): Finding[] {
  const all = [
    ...gridFindings(report.grid, report.modalities),
    ...(report.duplicates ? duplicatesFindings(report.duplicates) : []),
    ...(report.soup ? soupFindings(report.soup) : []),
    ...(report.baselines ? baselineFindings(report.baselines, report.modalities) : []),
  ];
  const told = ["helps", "hurts", "unclear"];
  return all.toSorted((a, b) => told.indexOf(a.verdict) - told.indexOf(b.verdict));
}

/** One for each configuration. It helps or hurts only if it is significant after Holm's correction. */
export function gridFindings(
  table: AblationTable,
  modalities: readonly ModalityLabel[],
): Finding[] {
  return table.rows.flatMap((row): Finding[] => {
    const delta = row.deltas?.overall;
    if (!delta) return [];
    const words = row.changes.replace(/^\+ /, "");
    const name = words === "" || words === row.name ? row.name : `${row.name} (${words})`;
    if (row.members < 2) {
      const evidence = "One seed only: nothing can be said of it.";
      return [{ verdict: "unclear", text: `${name} cannot be told.`, evidence }];
    }
    const size = `${deltaText(delta)} points overall, ${correctedText(delta)}.`;
    if (!isSignificant(delta, table.alpha)) {
      const evidence = `${size} ${boundText(delta)}`;
      return [{ verdict: "unclear", text: `${name} cannot be told.`, evidence }];
    }
    const verdict = delta.mean > 0 ? "helps" : "hurts";
    return [
      {
        verdict,
        text: `${name} ${verdict}.`,
        evidence: `${size} ${modalityText(row, modalities)}`,
      },
    ];
  });
}

function duplicatesFindings({ rate, interaction }: DuplicatesControl): Finding[] {
  if (!interaction) return [];
  const share = `With ${percent(rate, 0)} % planted duplicates`;
  const verdict = verdictOf(interaction);
  const text = {
    helps: `${share} the mask gives more where hardness weighting is on, as the formulas predict.`,
    hurts: `${share} the mask gives less where hardness weighting is on, against the prediction.`,
    unclear: `${share} it cannot be told whether the mask gives more where hardness weighting is on.`,
  }[verdict];
  return [
    { verdict, text, evidence: `Interaction ${deltaText(interaction)} points, not corrected.` },
  ];
}

function soupFindings(rows: readonly SoupRow[]): Finding[] {
  const words = {
    helps: "is better than its best member.",
    hurts: "is worse than its best member.",
    unclear: "cannot be told from its best member.",
  };
  return rows.flatMap(({ name, delta }): Finding[] => {
    if (!delta) return [];
    const verdict = verdictOf(delta);
    const evidence = `${deltaText(delta)} points overall, not corrected.`;
    return [{ verdict, text: `The soup "${name}" ${words[verdict]}`, evidence }];
  });
}

/** Which baselines the final model beats on every modality, and where it does not surely beat one. */
function baselineFindings(
  rows: readonly BaselineRow[],
  modalities: readonly ModalityLabel[],
): Finding[] {
  const name = rows.find((row) => row.deltas === null)?.name;
  const final = name === undefined ? "The final model" : `The final model (${name})`;
  const compared = rows.flatMap(({ name, deltas }) => {
    if (!deltas) return [];
    const columns = columnsOf(modalities).flatMap((column) => {
      const delta = column.delta({ deltas });
      return delta ? [{ label: column.label, delta }] : [];
    });
    return [
      { name, overall: deltas.overall, behind: columns.filter(({ delta }) => !(delta.low > 0)) },
    ];
  });
  const beaten = compared.filter(({ behind }) => behind.length === 0);
  const open = compared.filter(({ behind }) => behind.length > 0);
  const all: Finding[] = open.map(({ name, overall, behind }) => ({
    verdict: behind.every(({ delta }) => delta.high < 0) ? "hurts" : "unclear",
    text: `${final} does not surely beat ${name} on ${listed(behind.map(({ label }) => label))}.`,
    evidence: `${behind.map(({ label, delta }) => `${label} ${deltaText(delta)}`).join(", ")}; ${deltaText(overall)} points overall.`,
  }));
  if (beaten.length === 0) return all;
  const text = `${final} beats ${listed(beaten.map(({ name }) => name))} on every modality.`;
  const leads = beaten.map(({ name, overall }) => `${points(overall.mean)} over ${name}`);
  const evidence = `Overall ${leads.join(", ")}; every interval of every modality leaves out 0.`;
  return [{ verdict: "helps", text, evidence }, ...all];
}

function verdictOf(delta: Delta): Finding["verdict"] {
  if (!excludesZero(delta)) return "unclear";
  return delta.mean > 0 ? "helps" : "hurts";
}

function correctedText({ p, pHolm }: Delta): string {
  return pHolm === null ? `${pText(p)}, not corrected` : `${pText(pHolm)} after Holm's correction`;
}

/** How large an effect could still hide behind the interval. */
function boundText({ low, high }: Delta): string {
  if (low > 0 || high < 0) {
    return "The interval leaves out 0, but the correction for several comparisons takes the significance away.";
  }
  return `The data speak against a gain above ${percent(high)} and a loss above ${percent(-low)}.`;
}

/** Where the gain or loss shows, by intervals alone. */
function modalityText(row: AblationRow, modalities: readonly ModalityLabel[]): string {
  const shown = modalities.flatMap(({ id, label }) => {
    const delta = row.deltas?.modalities[id];
    return delta && excludesZero(delta) ? [{ label, mean: delta.mean }] : [];
  });
  if (shown.length === 0) return "No single modality shows it clearly.";
  const list = shown
    .sort((a, b) => Math.abs(b.mean) - Math.abs(a.mean))
    .map(({ label, mean }) => `${label} ${points(mean)}`);
  return `Shown by ${list.join(", ")} (not corrected).`;
}

/** `a`, `a and b`, `a, b and c`. */
function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
