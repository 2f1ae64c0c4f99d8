/** @file Figures of the controls: what the mask finds, planted duplicates, our ladder beside the paper's. */
import { stylesOf, WHISKER } from "./colours.ts";
import { axis, errorBars, figure, type Figure, hatch, pct, type Trace } from "./figure.ts";
import { delta as deltaText, estimate, percent } from "./format.ts";
import type { DuplicatesControl, LadderRow, MaskPoint } from "./types.ts";

/** Precision against recall of the mask over thresholds; the threshold in use is the large mark. */
export function maskQuality(marks: readonly MaskPoint[]): Figure {
  const names = [...new Set(marks.map(({ configuration }) => configuration))];
  const styles = stylesOf(names);
  const data = names.map((name): Trace => {
    const { colour, dash, symbol } = styles.get(name)!;
    const own = marks
      .filter(({ configuration }) => configuration === name)
      .sort((a, b) => a.threshold - b.threshold);
    return {
      type: "scatter",
      mode: "lines+markers+text",
      name,
      x: own.map(({ recall }) => pct(recall.mean)),
      y: own.map(({ precision }) => pct(precision.mean)),
      error_x: errorBars(own.map(({ recall }) => recall)),
      error_y: errorBars(own.map(({ precision }) => precision)),
      text: own.map(({ threshold }) => `δ ${threshold}`),
      textposition: "top right",
      textfont: { size: 11 },
      customdata: own.map(({ rate }) => `${percent(rate.mean, 2)} % of negatives masked`),
      line: { color: colour, dash, width: 1.5 },
      marker: { color: colour, symbol, size: own.map(({ used }) => (used ? 13 : 7)) },
      hovertemplate: `${name}, %{text}<br>recall %{x:.1f} %, precision %{y:.1f} %<br>%{customdata}<extra></extra>`,
    };
  });
  const used = marks.filter(({ used }) => used);
  const words = used.map(
    ({ configuration, threshold, precision, recall }) =>
      `${configuration} at ${threshold}: precision ${percent(precision.mean)}, recall ${percent(recall.mean)}`,
  );
  return figure(data, {
    description: `Precision against recall of the false-negative mask, in percent, by threshold. In use: ${words.join("; ") || "none"}.`,
    height: 400,
    layout: {
      xaxis: axis("recall: matching pairs that are masked (%)", { range: [-3, 106] }),
      yaxis: axis("precision: masked pairs that match (%)", { range: [-3, 106] }),
    },
  });
}

/** From clean to planted data, a line for each configuration. */
export function duplicatesSlope({ rows, rate }: DuplicatesControl): Figure {
  const styles = stylesOf(rows.map(({ name }) => name));
  const data = rows.map(({ name, clean, planted }, i): Trace => {
    const { colour, dash, symbol } = styles.get(name)!;
    const shift = (i - (rows.length - 1) / 2) * 0.025; // so that intervals do not lie on each other
    return {
      type: "scatter",
      mode: "lines+markers",
      name,
      x: [shift, 1 + shift],
      y: [pct(clean.mean), pct(planted.mean)],
      error_y: errorBars([clean, planted]),
      text: [estimate(clean), estimate(planted)],
      line: { color: colour, dash, width: 2.5 },
      marker: { color: colour, symbol, size: 9 },
      hovertemplate: `${name}: %{text} %<extra></extra>`,
    };
  });
  const words = rows.map(({ name, change }) => `${name} ${deltaText(change)}`).join("; ");
  return figure(data, {
    description: `Overall score in percent without and with planted duplicates (${percent(rate, 0)} percent of a batch's targets). Change in points: ${words}.`,
    height: 360,
    layout: {
      xaxis: {
        tickvals: [0, 1],
        ticktext: ["as it is", `${percent(rate, 0)} % duplicates planted`],
        range: [-0.25, 1.25],
        showgrid: false,
        zeroline: false,
      },
      yaxis: axis("overall score (%)"),
    },
  });
}

/** Gains over the first row in points: ours with intervals, the paper's beside them. */
export function ladderGains(rows: readonly LadderRow[]): Figure {
  const steps = rows.slice(1);
  const first = rows[0]?.paper?.overall;
  const labels = steps.map(({ name, changes }) => `${name}<br>${changes}`);
  const ours = steps.map(({ delta }) => delta ?? undefined);
  const paper = steps.map((row) =>
    row.paper && first !== undefined ? pct(row.paper.overall - first) : null,
  );
  const colours = stylesOf(["stage 2", "Exp1"]);
  const data: Trace[] = [
    {
      type: "bar",
      name: "ours",
      x: labels,
      y: ours.map((delta) => (delta ? pct(delta.mean) : null)),
      error_y: { ...errorBars(ours), color: WHISKER },
      marker: { color: colours.get("stage 2")!.colour },
      text: ours.map((delta) => deltaText(delta)),
      textposition: "none",
      hovertemplate: "ours: %{text}<extra></extra>",
    },
    {
      type: "bar",
      name: "paper (Qwen2-VL-2B on MMEB-V2)",
      x: labels,
      y: paper,
      marker: {
        color: colours.get("Exp1")!.colour,
        pattern: hatch("/"),
      },
      hovertemplate: "paper: %{y:+.1f}<extra></extra>",
    },
  ];
  const words = steps.map(
    ({ name }, i) => `${name} ours ${deltaText(ours[i])}, paper ${paper[i] ?? "none"}`,
  );
  return figure(data, {
    description: `Gain in points over ${rows[0]?.name ?? "the first row"}: ${words.join("; ")}.`,
    height: 380,
    minWidth: 620,
    layout: {
      barmode: "group",
      bargap: 0.3,
      xaxis: { automargin: true, tickangle: 0 },
      yaxis: axis("gain in overall score (points)", { zeroline: true }),
    },
  });
}
