/** @file A report as Markdown, LaTeX and JSON. */
import { findingsOf } from "./findings.ts";
import { markdown } from "./format.ts";
import { type Block, type Section, sectionsOf } from "./sections.ts";
import { tableLatex, tableMarkdown } from "./table.ts";
import type { Finding, Report } from "./types.ts";

export const VERDICTS: readonly (readonly [Finding["verdict"], string])[] = [
  ["helps", "What helps"],
  ["hurts", "What hurts"],
  ["unclear", "What cannot be told"],
];

/** Everything but the figures and pictures. */
export function reportMarkdown(report: Report): string {
  const findings = VERDICTS.flatMap(([verdict, title]) => {
    const own = findingsOf(report).filter((finding) => finding.verdict === verdict);
    if (own.length === 0) return [];
    return [
      `### ${title}`,
      own.map(({ text, evidence }) => `- **${markdown(text)}** ${markdown(evidence)}`).join("\n"),
    ];
  });
  return `${[
    `# ${markdown(report.title)}`,
    markdown(report.summary),
    `Experiment ${markdown(report.experiment)}, ${report.generatedAt}.`,
    "## Findings",
    ...findings,
    ...(report.remarks ?? []).map(markdown),
    ...sectionsOf(report).flatMap(sectionMarkdown),
  ].join("\n\n")}\n`;
}

function sectionMarkdown({ title, question, blocks }: Section): string[] {
  const parts = blocks.flatMap(blockMarkdown);
  return parts.length === 0 ? [] : [`## ${markdown(title)}`, markdown(question), ...parts];
}

function blockMarkdown(block: Block): string[] {
  switch (block.kind) {
    case "text":
      return block.paragraphs.map(markdown);
    case "list":
      return [
        `### ${markdown(block.title)}`,
        block.items.map((i) => `- ${markdown(i)}`).join("\n"),
      ];
    case "table":
      return [`### ${markdown(block.table.caption)}`, tableMarkdown(block.table)];
    case "facts":
      return [
        block.facts.map(([name, value]) => `- ${markdown(name)}: ${markdown(value)}`).join("\n"),
      ];
    case "command":
      return [`\`\`\`sh\n${block.command}\n\`\`\``];
    case "gallery":
      return [
        block.items
          .map(({ task, rank, candidates }) => `- ${markdown(task)}: rank ${rank} of ${candidates}`)
          .join("\n"),
      ];
    case "figure": // its numbers stand in a table
    default:
      return [];
  }
}

/** The report's tables, ready to be input into a paper; needs booktabs and textcomp. */
export function reportLatex(report: Report): string {
  const tables = sectionsOf(report).flatMap(({ blocks }) =>
    blocks.flatMap((block) => (block.kind === "table" ? [tableLatex(block.table)] : [])),
  );
  const { command, commit, dirty } = report.reproduction;
  const comments = [
    report.title,
    `made ${report.generatedAt} at commit ${commit}${dirty ? " with uncommitted changes" : ""}`,
    `by: ${command}`,
    "needs \\usepackage{booktabs,textcomp}",
  ].map((line) => `% ${line.replaceAll(/\s+/g, " ")}`);
  return `${[comments.join("\n"), ...tables].join("\n\n")}\n`;
}

/** The records with their findings, pretty-printed; pictures of the gallery left out. */
export function reportJson(report: Report): string {
  const { gallery, ...rest } = report;
  const retrievals = gallery?.map(({ task, configuration, rank, candidates, results }) => ({
    task,
    configuration,
    rank,
    candidates,
    results: results.map(({ id, score, relevant }) => ({ id, score, relevant })),
  }));
  const whole = {
    ...rest,
    findings: findingsOf(report),
    ...(retrievals ? { gallery: retrievals } : {}),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
