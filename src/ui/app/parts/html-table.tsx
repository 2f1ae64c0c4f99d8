/** @file A table of src/plot, the one the report and the exports show. */
import { DARK, styleOf, type Table, tableHtml } from "../../../plot/index.ts";

/** The markup is src/plot's own, with every text escaped there. */
export function HtmlTable({ table }: { table: Table }) {
  const markup = tableHtml(table, (name) => {
    const { colour } = styleOf(name);
    return `<i class="dot" style="--dot:${colour};--dark-dot:${DARK[colour] ?? colour}"></i>`;
  });
  return <div className="scroll" dangerouslySetInnerHTML={{ __html: markup }} />;
}
