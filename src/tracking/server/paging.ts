/** @file Page tokens: opaque to clients, an offset to us. */
import { type Fields } from "./fields.ts";

/** Where the page that `page_token` asks for starts. */
export function pageOffset(fields: Fields): number {
  const token = fields.text("page_token");
  if (token === undefined || token === "") return 0;
  try {
    const { offset } = JSON.parse(Buffer.from(token, "base64").toString()) as { offset?: unknown };
    if (Number.isSafeInteger(offset) && (offset as number) >= 0) return offset as number;
  } catch {
    // not ours: told below
  }
  throw fields.wrong("page_token", token, "a token of the page before");
}

export function pageToken(offset: number): string {
  return Buffer.from(JSON.stringify({ offset })).toString("base64");
}

/** `rows` holds one row more than the page if there is a next page. */
export function paged<Row>(
  rows: readonly Row[],
  offset: number,
  limit: number,
): { readonly page: readonly Row[]; readonly next_page_token?: string } {
  if (rows.length <= limit) return { page: rows };
  return { page: rows.slice(0, limit), next_page_token: pageToken(offset + limit) };
}
