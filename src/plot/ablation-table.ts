/** @file The ablation table: configurations by overall and modalities, deltas with intervals, daggers. */
import { csv, interval, percent, points, probability } from "./format.ts";
import { type Column, columnsOf, isSignificant, type ModalityLabel } from "./levels.ts";
import { intervalLimit, intervalSvg } from "./svg.ts";
import type { Cell, Table, TableColumn, TableRow } from "./table.ts";
import type { AblationRow, AblationTable, Delta, Estimate } from "./types.ts";

export function ablationTable(table: AblationTable, modalities: readonly ModalityLabel[]): Table {
  const columns = columnsOf(modalities);
  const marks = columns.map((column) => marksOf(table.rows.map((row) => column.estimate(row))));
  const limit = intervalLimit(table.rows.map((row) => row.deltas?.overall));
  const beside = columns.filter((column) => column.beside).map(({ label }) => label);
  return {
    id: "ablation",
    caption: table.title,
    columns: [
      { label: "Configuration", align: "left" },
      { label: "Seeds", align: "right", title: "runs that finished" },
      ...columns.map((column) => scoreColumn(column)),
      { label: "Δ overall", align: "right", title: `against ${table.baseline}, in points` },
      { label: "p (Holm)", align: "right", title: table.family },
    ],
    rows: table.rows.map((row, i): TableRow => ({
      colourOf: row.name,
      ...(row.name === table.baseline ? { emphasis: "baseline" as const } : {}),
      cells: [
        { text: row.name, ...(row.changes === row.name ? {} : { detail: row.changes }) },
        { text: seeds(row) },
        ...columns.map((column, c) => scoreCell(column.estimate(row), marks[c]![i])),
        deltaCell(row.deltas?.overall, table.alpha, limit),
        { text: row.deltas ? probability(row.deltas.overall.pHolm) : "" },
      ],
    })),
    notes: [
      `Scores in percent with 95 % intervals; bold: best of the column, underlined: second. Δ in points against ${table.baseline}. † significant: p < ${table.alpha} after Holm's correction over ${table.family}.`,
      ...(beside.length > 0
        ? [`${beside.join(", ")}: reported beside the overall mean, not part of it.`]
        : []),
      table.statistics,
      ...(table.note === undefined ? [] : [table.note]),
    ],
  };
}

/** Everything in the table at every level, one line for each (configuration, level, name). */
export function ablationCsv(table: AblationTable): string {
  const head =
    "configuration,level,name,n,mean,low,high,delta,delta_low,delta_high,delta_n,p,p_holm";
  const lines = table.rows.flatMap((row) => {
    const line = (level: string, name: string, own: Estimate, delta: Delta | undefined): string =>
      [
        csv(row.name),
        level,
        csv(name),
        own.n,
        own.mean,
        own.low ?? "",
        own.high ?? "",
        ...(delta
          ? [delta.mean, delta.low, delta.high, delta.n, delta.p, delta.pHolm ?? ""]
          : ["", "", "", "", "", ""]),
      ].join(",");
    const group = (
      level: string,
      own: Readonly<Record<string, Estimate>>,
      deltas: Readonly<Record<string, Delta>> | undefined,
    ): string[] =>
      Object.entries(own).map(([name, value]) => line(level, name, value, deltas?.[name]));
    return [
      line("overall", "overall", row.overall, row.deltas?.overall),
      ...group("modality", row.modalities, row.deltas?.modalities),
      ...group("meta-task", row.metaTasks, row.deltas?.metaTasks),
      ...group("data set", row.datasets, row.deltas?.datasets),
      ...group("domain", row.domains ?? {}, undefined),
    ];
  });
  return `${[head, ...lines].join("\n")}\n`;
}

export function scoreColumn({ label, beside }: Column): TableColumn {
  return beside
    ? { label: `${label} *`, align: "right", title: "beside the overall mean" }
    : { label, align: "right" };
}

/** Mean, its interval below, bold or underlined where it is the best or second. */
export function scoreCell(value: Estimate | undefined, mark: Cell["mark"] | undefined): Cell {
  const range = value ? interval(value.low, value.high, percent) : "";
  return {
    text: percent(value?.mean),
    ...(range === "" ? {} : { detail: range }),
    ...(mark ? { mark } : {}),
  };
}

/** Difference, its interval below, a dagger where it is significant, and a small drawing. */
export function deltaCell(delta: Delta | null | undefined, alpha: number, limit: number): Cell {
  if (!delta) return { text: "" };
  const significant = isSignificant(delta, alpha);
  return {
    text: points(delta.mean),
    detail: interval(delta.low, delta.high, percent),
    svg: intervalSvg(delta, limit, significant),
    ...(significant ? { dagger: true, tone: delta.mean > 0 ? "better" : "worse" } : {}),
  };
}

/** Best and second of a column, by the mean as it is shown: equal texts share a mark. */
export function marksOf(values: readonly (Estimate | undefined)[]): (Cell["mark"] | undefined)[] {
  const shown = values.map((value) =>
    value ? Number(percent(value.mean).replace("−", "-")) : NaN,
  );
  const ranked = [...new Set(shown.filter((value) => !Number.isNaN(value)))].sort((a, b) => b - a);
  return shown.map((value) =>
    ranked.length < 2
      ? undefined
      : value === ranked[0]
        ? "best"
        : value === ranked[1]
          ? "second"
          : undefined,
  );
}

function seeds({ members, missing = 0 }: AblationRow): string {
  return missing > 0 ? `${members} (${missing} missing)` : `${members}`;
}
