import { expect, test } from "vitest";
import {
  type AblationRow,
  type AblationTable,
  type BaselineRow,
  type Delta,
  findingsOf,
  gridFindings,
  type Report,
} from "../../src/plot/index.ts";
import { REPORT } from "./fixture.ts";

const delta = (mean: number, half: number, pHolm: number | null): Delta => ({
  mean,
  low: mean - half,
  high: mean + half,
  n: 10,
  p: 0.01,
  pHolm,
});

/** The fixture's grid with one row after the baseline. */
function gridWith(overall: Delta, more: Partial<AblationRow> = {}): AblationTable {
  const [baseline, row] = REPORT.grid.rows as [AblationRow, AblationRow];
  const image = delta(0.02, 0.01, null);
  const video = delta(0.03, 0.01, null);
  const deltas = { overall, modalities: { image, video }, metaTasks: {}, datasets: {} };
  return { ...REPORT.grid, rows: [baseline, { ...row, deltas, ...more }] };
}

const said = (table: AblationTable) => gridFindings(table, REPORT.modalities);

test("significant and above 0 helps, with the modalities that show it, largest first", () => {
  expect(said(gridWith(delta(0.012, 0.008, 0.012)))).toEqual([
    {
      verdict: "helps",
      text: "+HW (hardness weighting) helps.",
      evidence:
        "+1.2 [0.4, 2.0] points overall, p = 0.012 after Holm's correction. Shown by Video +3.0, Image +2.0 (not corrected).",
    },
  ]);
});

test("significant and below 0 hurts", () => {
  expect(said(gridWith(delta(-0.012, 0.008, 0.0004)))[0]).toMatchObject({
    verdict: "hurts",
    text: "+HW (hardness weighting) hurts.",
    evidence: expect.stringContaining("p < 0.001 after Holm's correction") as string,
  });
});

test("an interval around 0 cannot be told, and says what it speaks against", () => {
  expect(said(gridWith(delta(0.001, 0.004, 0.8)))[0]).toEqual({
    verdict: "unclear",
    text: "+HW (hardness weighting) cannot be told.",
    evidence:
      "+0.1 [−0.3, 0.5] points overall, p = 0.80 after Holm's correction. The data speak against a gain above 0.5 and a loss above 0.3.",
  });
});

test("what only the correction takes away cannot be told either, and is explained", () => {
  const [finding] = said(gridWith(delta(0.012, 0.008, 0.06)));
  expect(finding!.verdict).toBe("unclear");
  expect(finding!.evidence).toContain(
    "the correction for several comparisons takes the significance away",
  );
});

test("without a corrected p nothing is called significant", () => {
  const [finding] = said(gridWith(delta(0.012, 0.008, null)));
  expect(finding).toMatchObject({ verdict: "unclear" });
  expect(finding!.evidence).toContain("p = 0.010, not corrected");
});

test("one seed is no evidence, however large the difference", () => {
  expect(said(gridWith(delta(0.3, 0.01, 0.001), { members: 1 }))).toEqual([
    {
      verdict: "unclear",
      text: "+HW (hardness weighting) cannot be told.",
      evidence: "One seed only: nothing can be said of it.",
    },
  ]);
});

/** Findings about baselines, soups and the control alone. */
function others(more: Partial<Report>): { verdict: string; text: string; evidence: string }[] {
  const { baselines: _b, soup: _s, duplicates: _d, ...rest } = REPORT;
  const grid = { ...REPORT.grid, rows: REPORT.grid.rows.slice(0, 1) };
  return findingsOf({ ...rest, grid, ...more });
}

const baseline = (name: string, image: Delta): BaselineRow => ({
  ...REPORT.baselines![0]!,
  name,
  deltas: { overall: delta(0.3, 0.01, null), modalities: { image, video: delta(0.3, 0.01, null) } },
});
const final = REPORT.baselines!.at(-1)!;

test("a baseline is beaten only if every modality's interval is above 0", () => {
  const rows = [
    baseline("chance", delta(0.2, 0.1, null)),
    baseline("ridge", delta(0.01, 0.02, null)),
    baseline("untrained", delta(-0.1, 0.02, null)),
    final,
  ];
  expect(others({ baselines: rows })).toEqual([
    {
      verdict: "helps",
      text: "The final model (stage 2) beats chance on every modality.",
      evidence: "Overall +30.0 over chance; every interval of every modality leaves out 0.",
    },
    {
      verdict: "hurts",
      text: "The final model (stage 2) does not surely beat untrained on Image.",
      evidence: "Image −10.0 [−12.0, −8.0]; +30.0 [29.0, 31.0] points overall.",
    },
    {
      verdict: "unclear",
      text: "The final model (stage 2) does not surely beat ridge on Image.",
      evidence: "Image +1.0 [−1.0, 3.0]; +30.0 [29.0, 31.0] points overall.",
    },
  ]);
});

test("soups and the control are judged by their intervals", () => {
  const soup = (name: string, mean: number) => ({
    ...REPORT.soup![3]!,
    name,
    delta: delta(mean, 0.01, null),
  });
  const verdicts = others({ soup: [soup("a", 0.02), soup("b", 0), soup("c", -0.02)] });
  expect(verdicts.map(({ verdict, text }) => `${verdict}: ${text}`)).toEqual([
    'helps: The soup "a" is better than its best member.',
    'hurts: The soup "c" is worse than its best member.',
    'unclear: The soup "b" cannot be told from its best member.',
  ]);
  const control = (mean: number) =>
    others({ duplicates: { ...REPORT.duplicates!, interaction: delta(mean, 0.01, null) } })[0]!;
  expect([control(0.03), control(0), control(-0.03)].map(({ verdict }) => verdict)).toEqual([
    "helps",
    "unclear",
    "hurts",
  ]);
  expect(control(0.03).text).toContain("With 25 % planted duplicates the mask gives more");
  expect(others({ duplicates: { ...REPORT.duplicates!, interaction: null } })).toEqual([]);
});
