import { expect, test } from "vitest";
import {
  ablationCsv,
  ablationTable,
  type AblationTable,
  type Delta,
  type Estimate,
  ladderTable,
  modalitiesOf,
  reportLatex,
  soupTable,
  tableCsv,
  tableHtml,
  tableLatex,
  tableMarkdown,
} from "../../src/plot/index.ts";
import { REPORT } from "./fixture.ts";

const est = (mean: number): Estimate => ({ mean, low: mean - 0.01, high: mean + 0.01, n: 3 });
const diff = (mean: number, pHolm: number | null): Delta => ({
  mean,
  low: mean - 0.005,
  high: mean + 0.005,
  n: 6,
  p: 0.01,
  pHolm,
});

/** Three rows whose marks can be told by hand: b is best overall, c second; c is significantly worse on image. */
const SMALL: AblationTable = {
  title: "Small & simple",
  baseline: "a",
  alpha: 0.05,
  family: "2 comparisons",
  statistics: "Paired.",
  rows: [
    {
      name: "a",
      changes: "a",
      members: 3,
      overall: est(0.5),
      modalities: { image: est(0.6) },
      metaTasks: {},
      datasets: {},
      deltas: null,
    },
    {
      name: "b_1",
      changes: "+ b",
      members: 3,
      missing: 1,
      overall: est(0.53),
      modalities: { image: est(0.6) },
      metaTasks: {},
      datasets: { d: est(0.1) },
      deltas: {
        overall: diff(0.03, 0.02),
        modalities: { image: diff(0, null) },
        metaTasks: {},
        datasets: { d: diff(0.01, null) },
      },
    },
    {
      name: "c",
      changes: "+ c",
      members: 1,
      overall: { mean: 0.52, low: null, high: null, n: 1 },
      modalities: { image: est(0.55) },
      metaTasks: {},
      datasets: {},
      deltas: { overall: diff(0.02, 0.2), modalities: {}, metaTasks: {}, datasets: {} },
    },
  ],
};

const table = ablationTable(SMALL, modalitiesOf(SMALL));

test("Markdown: best bold, second underlined, equal values share a mark, dagger where significant", () => {
  expect(tableMarkdown(table).split("\n").slice(0, 5)).toEqual([
    "| Configuration | Seeds | Overall | Image | Δ overall | p (Holm) |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    String.raw`| a | 3 | 50.0 \[49.0, 51.0\] | **60.0** \[59.0, 61.0\] |  |  |`,
    String.raw`| b\_1 + b | 3 (1 missing) | **53.0** \[52.0, 54.0\] | **60.0** \[59.0, 61.0\] | +3.0 \[2.5, 3.5\] † | 0.020 |`,
    String.raw`| c + c | 1 | <ins>52.0</ins> | <ins>55.0</ins> \[54.0, 56.0\] | +2.0 \[1.5, 2.5\] | 0.20 |`,
  ]);
});

test("LaTeX: booktabs, escapes, bold, underline, dagger, a rule below the baseline", () => {
  const lines = tableLatex(table).split("\n");
  expect(lines).toContain(String.raw`  \caption{Small \& simple}`);
  expect(lines).toContain(String.raw`  \begin{tabular}{lrrrrr}`);
  expect(lines).toContain(
    String.raw`    b\_1 {\footnotesize + b} & 3 (1 missing) & \textbf{53.0} {\footnotesize [52.0, 54.0]} & \textbf{60.0} {\footnotesize [59.0, 61.0]} & +3.0 {\footnotesize [2.5, 3.5]}\textsuperscript{\textdagger} & 0.020 \\`,
  );
  const baseline = lines.findIndex((line) => line.startsWith("    a &"));
  expect(lines[baseline + 1]).toBe(String.raw`    \midrule`);
  for (const rule of ["toprule", "midrule", "bottomrule"])
    expect(lines.join("")).toContain(`\\${rule}`);
});

test("LaTeX: braces balance and every row has as many cells as columns", () => {
  const text = reportLatex(REPORT);
  const bare = text.replaceAll(/\\[{}]/g, "");
  expect(bare.split("{").length).toBe(bare.split("}").length);
  for (const block of text.split(String.raw`\begin{tabular}`).slice(1)) {
    const columns = /^\{([lr]+)\}/.exec(block)![1]!.length;
    const rows = block.split("\n").filter((line) => line.endsWith(String.raw`\\`));
    for (const row of rows)
      expect(row.replaceAll(String.raw`\&`, "").split("&"), row).toHaveLength(columns);
  }
});

test("CSV of the ablation has every level with full precision", () => {
  expect(ablationCsv(SMALL).trimEnd().split("\n")).toEqual([
    "configuration,level,name,n,mean,low,high,delta,delta_low,delta_high,delta_n,p,p_holm",
    "a,overall,overall,3,0.5,0.49,0.51,,,,,,",
    "a,modality,image,3,0.6,0.59,0.61,,,,,,",
    "b_1,overall,overall,3,0.53,0.52,0.54,0.03,0.024999999999999998,0.034999999999999996,6,0.01,0.02",
    "b_1,modality,image,3,0.6,0.59,0.61,0,-0.005,0.005,6,0.01,",
    "b_1,data set,d,3,0.1,0.09000000000000001,0.11,0.01,0.005,0.015,6,0.01,",
    "c,overall,overall,1,0.52,,,0.02,0.015,0.025,6,0.01,0.2",
    "c,modality,image,3,0.55,0.54,0.56,,,,,,",
  ]);
});

test("CSV of a table quotes what has commas and writes minus as a computer reads it", () => {
  expect(tableCsv(table).split("\n")[2]).toBe(
    'b_1 + b,3 (1 missing),"53.0 [52.0, 54.0]","60.0 [59.0, 61.0]","+3.0 [2.5, 3.5]",0.020',
  );
  expect(tableCsv(ladderTable(REPORT.ladder!, REPORT.modalities))).not.toContain("−");
});

test("HTML: headings are scoped, a significant gain is toned and daggered, names are escaped", () => {
  const text = tableHtml({ ...table, caption: "<b>" });
  expect(text).toContain('<th scope="row"><span>b_1</span><small>+ b</small></th>');
  expect(text).toContain('<td class="number better"><span>+3.0</span><sup');
  expect(text).toContain('<th scope="col" class="number" title="2 comparisons">p (Holm)</th>');
  expect(text).toContain("&lt;b&gt;");
  expect(text).not.toContain("<b>");
});

test("a missing baseline row is named", () => {
  const grid = { ...REPORT.grid, baseline: "nothing" };
  expect(() => reportLatex({ ...REPORT, grid })).toThrow(
    `${REPORT.grid.title}: no row named nothing among baseline, +HW`,
  );
});

test("the ladder shows the paper's own figures and gains, and a step the paper lacks as not known", () => {
  const rows = REPORT.ladder!.map((row) => (row.name === "Exp3" ? { ...row, paper: null } : row));
  const ladder = ladderTable(rows, REPORT.modalities);
  const texts = ladder.rows.map(({ cells }) => cells.map(({ text }) => text));
  expect(texts.map((row) => row.slice(3, 5))).toEqual([
    ["65.7", ""],
    ["66.3", "+0.6"],
    ["66.4", "+0.7"],
    ["–", ""],
    ["66.7", "+1.0"],
    ["67.2", "+1.5"],
  ]);
  expect(ladder.columns.map(({ label }) => label)).not.toContain("Text");
});

test("a soup's shares and merge stand in its row", () => {
  const { cells } = soupTable(REPORT.soup!, REPORT.modalities).rows[5]!;
  expect(cells.slice(0, 3).map(({ text }) => text)).toEqual([
    "greedy",
    "delta",
    "0.50 : 0.00 : 0.50",
  ]);
});
