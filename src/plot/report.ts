/** @file A report as one HTML page that needs nothing but itself. */
import { DARK, styleOf } from "./colours.ts";
import { findingsOf } from "./findings.ts";
import type { Figure } from "./figure.ts";
import { duration, html, interval, percent, points } from "./format.ts";
import { galleryHtml } from "./gallery.ts";
import { pageScript } from "./report-script.ts";
import { REPORT_CSS } from "./report-style.ts";
import { VERDICTS } from "./report-text.ts";
import { type Block, type Section, sectionsOf } from "./sections.ts";
import { tableHtml } from "./table.ts";
import type { Report } from "./types.ts";

export type ReportHtmlOptions = {
  /** The text of plotly.js-dist-min's plotly.min.js; it becomes part of the page. */
  readonly plotlySource: string;
};

const SIGNS = { helps: "▲", hurts: "▼", unclear: "◆" } as const;
/** Nothing may be fetched: what a page cannot load, it cannot leak to, and it reads the same offline. */
const POLICY =
  "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A page of about 5 MB, nearly all of it Plotly. */
export function reportHtml(report: Report, { plotlySource }: ReportHtmlOptions): string {
  const sections = sectionsOf(report);
  const figures: Record<string, Figure> = {};
  for (const block of sections.flatMap(({ blocks }) => blocks)) {
    if (block.kind === "figure") figures[block.id] = block.figure;
  }
  const links = [{ id: "findings", title: "Findings" }, ...sections].map(
    ({ id, title }) => `<li><a href="#${id}">${html(title)}</a></li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="RzenLab">
<title>${html(report.title)}</title>
<style>${REPORT_CSS}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the findings</a>
<div class="page">
<header class="top">
<p class="kicker">${html(report.experiment)} · <time datetime="${html(report.generatedAt)}">${html(day(report.generatedAt))}</time></p>
<h1>${html(report.title)}</h1>
<p class="lead">${html(report.summary)}</p>
${headline(report)}
</header>
<nav aria-label="Contents"><ol>${links.join("")}</ol></nav>
<main id="main">
${findings(report)}
${sections.map((section) => sectionHtml(section, report)).join("\n")}
</main>
<footer><p>Made by RzenLab. Figures: Plotly.js, inside this page. The page loads nothing from anywhere.</p></footer>
</div>
<noscript><p class="note">The figures need JavaScript; every number in them is in the tables.</p></noscript>
<script type="application/json" id="figures">${JSON.stringify(figures).replaceAll("<", String.raw`\u003c`)}</script>
<script>${scriptSafe(plotlySource)}</script>
<script>${pageScript()}</script>
</body>
</html>
`;
}

/** Four numbers that say how large the thing is and what came out. */
function headline({ grid, datasets, reproduction }: Report): string {
  const rows = [...grid.rows].sort((a, b) => b.overall.mean - a.overall.mean);
  const [best] = rows;
  if (!best) return "";
  const runs = grid.rows.reduce((sum, row) => sum + row.members, 0);
  const queries = datasets.reduce((sum, task) => sum + task.queries, 0);
  const gain = best.deltas?.overall;
  const numbers: (readonly [string, string, string])[] = [
    [
      `best overall score: ${best.name}`,
      `${percent(best.overall.mean)} %`,
      interval(best.overall.low, best.overall.high, percent),
    ],
    ...(gain
      ? [
          [
            `points against ${grid.baseline}`,
            points(gain.mean),
            interval(gain.low, gain.high, percent),
          ] as const,
        ]
      : []),
    [`tasks, ${queries} queries`, `${datasets.length}`, ""],
    [`runs over ${reproduction.seeds.length} seeds`, `${runs}`, duration(reproduction.wallSeconds)],
  ];
  const items = numbers.map(
    ([label, value, detail]) =>
      `<div><dt>${html(label)}</dt><dd>${html(value)}${detail ? `<small>${html(detail)}</small>` : ""}</dd></div>`,
  );
  return `<dl class="numbers">${items.join("")}</dl>`;
}

function findings(report: Report): string {
  const all = findingsOf(report);
  const boxes = VERDICTS.map(([verdict, title]) => {
    const own = all.filter((finding) => finding.verdict === verdict);
    const list =
      own.length > 0
        ? `<ul>${own.map(({ text, evidence }) => `<li><strong>${html(text)}</strong> <span>${html(evidence)}</span></li>`).join("")}</ul>`
        : `<p>Nothing.</p>`;
    return `<div class="verdict-box ${verdict}"><h3><span aria-hidden="true">${SIGNS[verdict]}</span> ${title} <span class="count">${own.length}</span></h3>${list}</div>`;
  });
  const remarks = (report.remarks ?? []).map((text) => `<p>${html(text)}</p>`).join("");
  return `<section id="findings" aria-labelledby="findings-title">
<h2 id="findings-title">Findings</h2>
<p class="question">Made from the tables below by fixed rules: significant after correction, or not.</p>
<div class="findings">${boxes.join("\n")}</div>
${remarks ? `<div class="remarks">${remarks}</div>` : ""}
</section>`;
}

function sectionHtml({ id, title, question, blocks }: Section, report: Report): string {
  return `<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${html(title)}</h2>
<p class="question">${html(question)}</p>
${blocks.map((block) => blockHtml(block, report)).join("\n")}
</section>`;
}

function blockHtml(block: Block, report: Report): string {
  switch (block.kind) {
    case "text":
      return block.paragraphs.map((text) => `<p>${html(text)}</p>`).join("\n");
    case "list":
      return `<h3>${html(block.title)}</h3>\n<ul class="plain">${block.items.map((text) => `<li>${html(text)}</li>`).join("\n")}</ul>`;
    case "figure":
      return figureHtml(block);
    case "table": {
      const table = tableHtml(block.table, dot);
      return block.folded
        ? `<details><summary>${html(block.table.caption)}, as a table</summary>${table}</details>`
        : table;
    }
    case "gallery":
      return galleryHtml(
        block.items,
        new Map(report.modalities.map(({ id, label }) => [id, label])),
      );
    case "facts": {
      const facts = block.facts.map(
        ([name, value]) =>
          `<dt>${html(name)}</dt><dd${/^[0-9a-f:]{7,}$/.test(value) ? ' class="mono"' : ""}>${html(value)}</dd>`,
      );
      return `<dl class="facts">${facts.join("")}</dl>`;
    }
    case "command":
    default:
      return `<pre tabindex="0" aria-label="command"><code>${html(block.command)}</code></pre>`;
  }
}

function figureHtml({ id, title, figure, note }: Block & { kind: "figure" }): string {
  const { height, meta } = figure.layout;
  const width = meta.minWidth === undefined ? "" : `;min-width:${meta.minWidth}px`;
  const caption = note === undefined ? "" : `\n<figcaption class="note">${html(note)}</figcaption>`;
  return `<figure aria-labelledby="title-${id}">
<h3 id="title-${id}">${html(title)}</h3>
<div class="plot-scroll"><div class="plot" id="figure-${id}" role="img" aria-label="${html(meta.description)}" style="height:${height}px${width}"></div></div>${caption}
</figure>`;
}

/** A row's colour as in the figures; a ring where its line is dashed. */
function dot(name: string): string {
  const { colour, dash } = styleOf(name);
  const ring = dash === "solid" ? "" : " dash";
  return `<span class="dot${ring}" style="--light:${colour};--dark:${DARK[colour]}" aria-hidden="true"></span>`;
}

/** "2026-11-23T01:02:03Z" -> "23 November 2026". */
function day(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return date.toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });
}

/** Text inside a script element must not end it, nor open a comment in it. */
function scriptSafe(text: string): string {
  return text.replaceAll("</", String.raw`<\/`).replaceAll("<!--", String.raw`<\!--`);
}
