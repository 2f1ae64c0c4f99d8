/** @file One form for every table, and its Markdown, LaTeX (booktabs), CSV and HTML. */
import { csv, html, latex, markdown } from "./format.ts";

export type Cell = {
  readonly text: string;
  /** Smaller, below or after the text: an interval, the words of a change. */
  readonly detail?: string;
  /** Best of its column (bold) or second (underlined). */
  readonly mark?: "best" | "second";
  /** Significant after correction. */
  readonly dagger?: boolean;
  /** How a difference reads; never the only sign of it. */
  readonly tone?: "better" | "worse";
  /** HTML only, after the text: a small inline SVG. */
  readonly svg?: string;
};

export type TableColumn = {
  readonly label: string;
  readonly align: "left" | "right";
  /** Explains the label where a pointer rests on it. */
  readonly title?: string;
};

export type TableRow = {
  readonly cells: readonly Cell[];
  readonly emphasis?: "baseline";
  /** Key of the row's colour: a dot before its first cell in HTML. */
  readonly colourOf?: string;
};

/** The first cell of each row is its heading. */
export type Table = {
  /** Part of ids and labels: `ablation`. */
  readonly id: string;
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  readonly notes: readonly string[];
};

/** GitHub's Markdown: best bold, second underlined. */
export function tableMarkdown(table: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rows = table.rows.map(({ cells }) =>
    line(
      cells.map(({ text, detail, mark, dagger }) => {
        const main = markdown(text);
        const marked =
          mark === "best" ? `**${main}**` : mark === "second" ? `<ins>${main}</ins>` : main;
        const rest = detail ? ` ${markdown(detail)}` : "";
        return `${marked}${rest}${dagger ? " †" : ""}`;
      }),
    ),
  );
  const head = [
    line(table.columns.map(({ label }) => markdown(label))),
    line(table.columns.map(({ align }) => (align === "right" ? "---:" : "---"))),
  ];
  const notes = table.notes.map((note) => `\n${markdown(note)}`);
  return [...head, ...rows, ...notes].join("\n");
}

/** A booktabs table: best bold, second underlined, dagger where significant. */
export function tableLatex(table: Table): string {
  const align = table.columns.map(({ align }) => (align === "right" ? "r" : "l")).join("");
  const rows = table.rows.map(({ cells, emphasis }) => {
    const texts = cells.map(({ text, detail, mark, dagger }) => {
      const main = latex(text);
      const marked =
        mark === "best"
          ? String.raw`\textbf{${main}}`
          : mark === "second"
            ? String.raw`\underline{${main}}`
            : main;
      const rest = detail ? String.raw` {\footnotesize ${latex(detail)}}` : "";
      return `${marked}${rest}${dagger ? latex("†") : ""}`;
    });
    return `    ${texts.join(" & ")} \\\\${emphasis === "baseline" ? "\n    \\midrule" : ""}`;
  });
  return [
    String.raw`\begin{table}[t]`,
    String.raw`  \centering`,
    String.raw`  \caption{${latex(table.caption)}}`,
    String.raw`  \label{tab:${table.id}}`,
    String.raw`  \begin{tabular}{${align}}`,
    String.raw`    \toprule`,
    `    ${table.columns.map(({ label }) => latex(label)).join(" & ")} \\\\`,
    String.raw`    \midrule`,
    ...rows,
    String.raw`    \bottomrule`,
    String.raw`  \end{tabular}`,
    ...table.notes.map((note) => String.raw`  \par\smallskip\footnotesize ${latex(note)}`),
    String.raw`\end{table}`,
  ].join("\n");
}

/** Texts as shown; marks and details in columns of their own would be noise, so they are left out. */
export function tableCsv(table: Table): string {
  const rows = [
    table.columns.map(({ label }) => label),
    ...table.rows.map(({ cells }) =>
      cells.map(({ text, detail }) => (detail ? `${text} ${detail}` : text).replaceAll("−", "-")),
    ),
  ];
  return rows.map((row) => `${row.map(csv).join(",")}\n`).join("");
}

/** A table that scrolls sideways on its own where it is too wide; `dot` draws a row's colour. */
export function tableHtml(table: Table, dot: (name: string) => string = () => ""): string {
  const head = table.columns
    .map(({ label, align, title }) => {
      const hint = title ? ` title="${html(title)}"` : "";
      return `<th scope="col"${align === "right" ? ' class="number"' : ""}${hint}>${html(label)}</th>`;
    })
    .join("");
  const body = table.rows
    .map(({ cells, emphasis, colourOf }) => {
      const inner = cells.map((cell, i) => cellHtml(cell, i, table, colourOf && dot(colourOf)));
      return `<tr${emphasis ? ` class="${emphasis}"` : ""}>${inner.join("")}</tr>`;
    })
    .join("\n");
  const notes = table.notes.map((note) => `<p class="note">${html(note)}</p>`).join("\n");
  // Not a caption element: that is as wide as the table, and would scroll out of a narrow screen.
  return `<div class="table">
<p class="table-title" id="caption-${table.id}">${html(table.caption)}</p>
<div class="scroll" role="region" aria-labelledby="caption-${table.id}" tabindex="0">
<table id="table-${table.id}" aria-labelledby="caption-${table.id}">
<thead><tr>${head}</tr></thead>
<tbody>
${body}
</tbody>
</table>
</div>
</div>
${notes}`;
}

function cellHtml(cell: Cell, column: number, table: Table, dot: string | undefined): string {
  const { text, detail, mark, dagger, tone, svg = "" } = cell;
  const tag = mark === "best" ? "strong" : mark === "second" ? "u" : "span";
  const star = dagger ? '<sup title="significant after correction">†</sup>' : "";
  const below = detail ? `<small>${html(detail)}</small>` : "";
  const number = table.columns[column]!.align === "right" ? "number" : "";
  const classes = [number, tone].filter(Boolean).join(" ");
  const inner = `<${tag}>${html(text)}</${tag}>${star}${below}${svg}`;
  return column === 0
    ? `<th scope="row">${dot ?? ""}${inner}</th>`
    : `<td${classes ? ` class="${classes}"` : ""}>${inner}</td>`;
}
