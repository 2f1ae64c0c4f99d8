/** @file The page's looks: light and dark, wide and narrow, screen and paper. Contrast is AA throughout. */

export const REPORT_CSS = `
:root {
  color-scheme: light dark;
  --paper: #fdfdfb; --raised: #ffffff; --sunken: #f4f3ee;
  --ink: #1b1e23; --soft: #575d66; --line: #dddad2; --grid: #e7e5df; --axis: #8a8f96;
  --accent: #1a57c4; --better: #1a57c4; --worse: #a23c06; --unclear: #5c626b;
  --right: #0a7350; --wrong: #a3281c; --code: #f1efe8;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Source Serif 4", Charter, Georgia, serif;
  --sans: Inter, ui-sans-serif, system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "JetBrains Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161c; --raised: #191e26; --sunken: #0d1116;
    --ink: #e8e9ea; --soft: #a4abb5; --line: #2c333d; --grid: #2a313b; --axis: #79828e;
    --accent: #7fb4ff; --better: #6fb0ff; --worse: #ff8d63; --unclear: #a4abb5;
    --right: #4fd6a3; --wrong: #ff8f80; --code: #1f252e;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1.5rem; -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.62 var(--sans); font-feature-settings: "kern", "liga";
  text-rendering: optimizeLegibility;
}
.page { display: grid; grid-template-columns: minmax(0, 1fr); max-width: 74rem; margin: 0 auto; padding: 0 1.25rem 5rem; }
h1, h2, h3, h4 { line-height: 1.18; text-wrap: balance; margin: 0; }
h1 { font: 600 clamp(2rem, 1.4rem + 2.6vw, 3.3rem)/1.08 var(--serif); letter-spacing: -0.015em; }
h2 { font: 600 clamp(1.5rem, 1.25rem + 1vw, 2rem)/1.15 var(--serif); letter-spacing: -0.01em; }
h3 { font: 650 1.05rem/1.3 var(--sans); margin: 2.6rem 0 0.4rem; }
h4 { font: 600 0.9rem/1.3 var(--mono); overflow-wrap: anywhere; }
p { margin: 0.6rem 0; max-width: 68ch; text-wrap: pretty; }
a { color: var(--accent); text-underline-offset: 0.18em; text-decoration-thickness: 1px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--raised); padding: 0.5rem 1rem; z-index: 10; }

.top { padding: clamp(2.5rem, 6vw, 5rem) 0 2rem; }
.kicker { font-size: 0.8rem; font-weight: 600; letter-spacing: 0.09em; text-transform: uppercase; color: var(--soft); margin: 0 0 0.9rem; }
.lead { font: 400 1.17rem/1.58 var(--serif); color: var(--ink); margin-top: 1.1rem; max-width: 62ch; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0 2rem; margin: 2.2rem 0 0; padding: 0; border-top: 1px solid var(--line); }
.numbers div { padding: 1rem 0 0.4rem; display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.numbers dt { font-size: 0.82rem; color: var(--soft); line-height: 1.35; }
.numbers dd { margin: 0 0 0.15rem; font: 600 1.75rem/1.2 var(--serif); font-variant-numeric: lining-nums tabular-nums; }
.numbers dd small { font: 500 0.85rem var(--sans); color: var(--soft); margin-left: 0.35rem; white-space: nowrap; }

nav { font-size: 0.9rem; margin-bottom: 0.5rem; }
nav ol { list-style: none; display: flex; flex-wrap: wrap; gap: 0.2rem 1.3rem; margin: 0; padding: 0.7rem 0; border-block: 1px solid var(--line); }
nav a { color: var(--soft); text-decoration: none; display: inline-block; padding: 0.2rem 0; }
nav a:hover { color: var(--accent); text-decoration: underline; }

section { padding-top: 3.6rem; }
.question { color: var(--soft); font: italic 1.05rem/1.5 var(--serif); margin-top: 0.5rem; }
.note { font-size: 0.86rem; line-height: 1.5; color: var(--soft); max-width: 80ch; margin: 0.45rem 0; }

.findings { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1rem; margin-top: 1.4rem; align-items: start; }
.verdict-box { background: var(--raised); border: 1px solid var(--line); border-top: 4px solid var(--tone); border-radius: 6px; padding: 1rem 1.15rem 1.1rem; }
.verdict-box h3 { margin: 0 0 0.6rem; display: flex; gap: 0.5rem; align-items: baseline; color: var(--tone); }
.verdict-box h3 .count { margin-left: auto; }
.verdict-box ul { margin: 0; padding: 0; list-style: none; }
.verdict-box li { padding: 0.6rem 0; border-top: 1px solid var(--line); font-size: 0.94rem; line-height: 1.5; }
.verdict-box li:first-child { border-top: 0; padding-top: 0; }
.verdict-box li:last-child { padding-bottom: 0; }
.verdict-box li strong { font-weight: 600; display: block; }
.verdict-box li span { font-size: 0.86rem; color: var(--soft); font-variant-numeric: tabular-nums; }
.helps { --tone: var(--better); } .hurts { --tone: var(--worse); } .unclear { --tone: var(--unclear); }
.count { font: 500 0.82rem var(--sans); color: var(--soft); font-variant-numeric: tabular-nums; }
.remarks { margin: 1.4rem 0 0; padding-left: 1.1rem; border-left: 3px solid var(--line); }

figure { margin: 0; }
.plot-scroll { overflow-x: auto; margin: 0.2rem -0.25rem 0; padding: 0 0.25rem; }
.plot { width: 100%; }
figcaption { margin-top: 0.3rem; }

.table { margin-top: 1.2rem; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); overflow: hidden; }
.table-title { font-weight: 600; font-size: 0.95rem; line-height: 1.35; margin: 0; padding: 0.8rem 0.9rem 0.7rem; max-width: none; }
.scroll { overflow: auto; max-height: min(46rem, 88vh); }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: 0.9rem; line-height: 1.3; font-variant-numeric: lining-nums tabular-nums; }
thead th { position: sticky; top: 0; z-index: 2; background: var(--sunken); color: var(--soft); font-weight: 600; font-size: 0.82rem; border-block: 1px solid var(--line); white-space: nowrap; }
th, td { padding: 0.5rem 0.9rem; text-align: left; vertical-align: top; }
.number { text-align: right; }
td.number { white-space: nowrap; }
tbody th { font-weight: 550; position: sticky; left: 0; z-index: 1; background: var(--raised); min-width: 9rem; max-width: 18rem; }
thead th:first-child { left: 0; z-index: 3; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody tr:hover > * { background: var(--sunken); }
tr.baseline > * { background: var(--sunken); }
td small, th small { display: block; font-size: 0.78rem; font-weight: 400; color: var(--soft); margin-top: 0.12rem; }
td strong { font-weight: 750; } td u { text-decoration-thickness: 1.5px; text-underline-offset: 0.2em; }
td sup { font-size: 0.75em; line-height: 0; margin-left: 0.1em; }
td.better > :is(span, strong, u), td.better > sup { color: var(--better); font-weight: 650; }
td.worse > :is(span, strong, u), td.worse > sup { color: var(--worse); font-weight: 650; }
.dot { display: inline-block; width: 0.7rem; height: 0.7rem; border-radius: 50%; margin-right: 0.5rem; background: var(--light); vertical-align: -0.05rem; }
.dot.dash { background: none; border: 3px solid var(--light); }
@media (prefers-color-scheme: dark) { .dot { background: var(--dark); } .dot.dash { border-color: var(--dark); } }
svg.interval { display: block; margin: 0.3rem 0 0 auto; color: var(--unclear); overflow: visible; }
svg.interval.better { color: var(--better); } svg.interval.worse { color: var(--worse); }
svg .zero { stroke: var(--axis); stroke-width: 1; stroke-dasharray: 2 2; }
svg .range { stroke: currentColor; stroke-width: 2; }
svg .filled { fill: currentColor; } svg .hollow { fill: var(--raised); stroke: currentColor; stroke-width: 1.75; }

details { margin-top: 1.2rem; }
summary { cursor: pointer; color: var(--accent); font-size: 0.93rem; width: fit-content; padding: 0.25rem 0; }
ul.plain { padding-left: 1.2rem; max-width: 72ch; } ul.plain li { margin: 0.5rem 0; }
ul.plain li::marker { color: var(--soft); }
.facts { display: grid; grid-template-columns: minmax(8rem, max-content) minmax(0, 1fr); gap: 0.35rem 1.5rem; font-size: 0.9rem; margin: 1.2rem 0 0; }
.facts dt { color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.facts dd.mono, pre { font-family: var(--mono); font-size: 0.85rem; }
pre { background: var(--code); border-radius: 6px; padding: 0.9rem 1.1rem; overflow-x: auto; line-height: 1.5; margin: 1.2rem 0 0; }

.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 33rem), 1fr)); margin-top: 0.8rem; }
.card { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 0.9rem 1rem 1rem; min-width: 0; }
.card header { display: flex; flex-wrap: wrap; gap: 0.15rem 0.8rem; justify-content: space-between; align-items: baseline; margin-bottom: 0.75rem; }
.card.wide { grid-column: 1 / -1; }
.card p { margin: 0; }
p.verdict { font-size: 0.83rem; color: var(--right); font-weight: 550; } p.verdict.wrong { color: var(--wrong); }
.before { color: var(--soft); font-weight: 400; }
.retrieval { display: grid; grid-template-columns: minmax(6.5rem, 1fr) minmax(0, 3.4fr); gap: 1rem; align-items: start; }
.tag { font-size: 0.72rem; letter-spacing: 0.06em; text-transform: uppercase; color: var(--soft); font-weight: 600; }
.query { border-right: 1px solid var(--line); padding-right: 0.9rem; min-width: 0; align-self: stretch; }
.retrieval ol { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 0.45rem; }
.retrieval ol.texts { grid-template-columns: minmax(0, 1fr); gap: 0.3rem; }
.retrieval ol.texts li { flex-direction: row-reverse; justify-content: flex-end; align-items: baseline; gap: 0.6rem; padding: 0.25rem 0.5rem; }
.retrieval ol.texts .score { padding: 0; white-space: nowrap; }
.retrieval li { min-width: 0; border-radius: 5px; padding: 0.3rem; border: 1px solid var(--line); display: flex; flex-direction: column; justify-content: space-between; }
.retrieval li.right { border: 2px solid var(--right); padding: calc(0.3rem - 1px); }
.score { font-size: 0.76rem; font-variant-numeric: tabular-nums; color: var(--soft); padding-top: 0.25rem; }
.right .score span:first-child { color: var(--right); font-weight: 700; } .wrong .score span:first-child { color: var(--wrong); }
.card img { display: block; max-width: 100%; width: 100%; height: auto; border-radius: 3px; background: #fff; }
.card img.document { border: 1px solid var(--line); }
.words { font-size: 0.78rem; line-height: 1.35; color: var(--soft); padding-top: 0.25rem; overflow-wrap: break-word; hyphens: auto; display: -webkit-box; -webkit-line-clamp: 4; -webkit-box-orient: vertical; overflow: hidden; }
.words.only { color: var(--ink); font-size: 0.86rem; padding-top: 0.1rem; -webkit-line-clamp: 7; }
.query .words.only { font-size: 0.95rem; }
.instruction { font-size: 0.76rem; line-height: 1.35; color: var(--soft); font-style: italic; padding-top: 0.4rem; }
.film { display: grid; grid-template-columns: repeat(2, 1fr); gap: 2px; background: #101214; padding: 2px; border-radius: 3px; }
.film img { border-radius: 0; }
.play { font-size: 0.92rem; display: inline-flex; gap: 0.5rem; align-items: center; cursor: pointer; }
body:has(#play:checked) .film { grid-template-columns: 1fr; }
body:has(#play:checked) .film img { grid-area: 1 / 1; opacity: 0; animation: flip calc(var(--n) * 0.3s) steps(1) infinite; animation-delay: calc(var(--i) * 0.3s); }
@keyframes flip { 0% { opacity: 1; } 25%, 100% { opacity: 0; } }

footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: 0.86rem; }

@media (min-width: 80rem) {
  .page { max-width: 92rem; grid-template-columns: 11.5rem minmax(0, 74rem); column-gap: 3rem; justify-content: center; }
  .top, footer { grid-column: 2; }
  nav { grid-column: 1; grid-row: 1 / span 2; position: sticky; top: 0; align-self: start; padding-top: clamp(2.5rem, 6vw, 5rem); max-height: 100vh; overflow: auto; }
  nav ol { flex-direction: column; border: 0; padding: 0; gap: 0.15rem; }
  main { grid-column: 2; }
}
@media (max-width: 40rem) {
  .retrieval ol:not(.texts) { grid-template-columns: repeat(auto-fill, minmax(5rem, 1fr)); }
  body { font-size: 0.97rem; }
  .page { padding-inline: 1rem; }
  th, td { padding: 0.45rem 0.6rem; }
  tbody th { min-width: 7.5rem; max-width: 9.5rem; }
  .retrieval { grid-template-columns: minmax(0, 1fr); }
  .query { border-right: 0; padding-right: 0; border-bottom: 1px solid var(--line); padding-bottom: 0.7rem; }
  .query img, .query .film { max-width: 9rem; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0 0; } .facts dd { margin-bottom: 0.6rem; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media print {
  nav, .skip, .play { display: none; }
  .scroll { max-height: none; overflow: visible; }
  section, figure, .card, .verdict-box { break-inside: avoid; }
  thead th, tbody th { position: static; }
}
`;
