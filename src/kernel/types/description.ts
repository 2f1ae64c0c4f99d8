/** @file What a name or a call is: signature and JSDoc in Markdown. */
import { fileURLToPath } from "node:url";
import { type LspHover, type LspLocation, type LspSignatureHelp, markdownOf } from "./lsp.ts";
import { withoutStaleNames } from "./notebook-text.ts";
import { type Place, placeAt } from "./places.ts";
import type { ShownCell } from "./service.ts";

/** @param withPlace also say where it is defined */
export async function descriptionIn(
  cell: ShownCell,
  offset: number,
  withPlace: boolean,
): Promise<string | undefined> {
  // A cursor behind a name means it, too.
  for (const at of offset > 0 ? [offset, offset - 1] : [offset]) {
    const position = placeAt(cell.text, cell.start + at);
    const hover = await cell.ask<LspHover | null>("textDocument/hover", { position });
    if (hover === null) continue;
    const text = withoutStaleNames(markdownOf(hover.contents)).trim();
    const place = withPlace ? await definitionOf(cell, position) : undefined;
    return place === undefined ? text : `${text}\n\nDefined in \`${place}\``;
  }
  const position = placeAt(cell.text, cell.start + offset);
  const help = await cell.ask<LspSignatureHelp | null>("textDocument/signatureHelp", { position });
  const signature = help?.signatures[help.activeSignature ?? 0];
  if (signature === undefined) return undefined;
  const documentation = signature.documentation ? `\n${markdownOf(signature.documentation)}` : "";
  return `\`\`\`typescript\n${withoutStaleNames(signature.label)}\n\`\`\`${documentation}`;
}

/** File and line, unless it's a cell. */
async function definitionOf(cell: ShownCell, position: Place): Promise<string | undefined> {
  const found = await cell.ask<LspLocation[] | LspLocation | null>("textDocument/definition", {
    position,
  });
  const [first] = Array.isArray(found) ? found : found === null ? [] : [found];
  const uri = first?.uri ?? first?.targetUri;
  const range = first?.range ?? first?.targetSelectionRange;
  if (!uri?.startsWith("file:") || range === undefined || uri === cell.uri) return undefined;
  return `${fileURLToPath(uri)}:${range.start.line + 1}`;
}
