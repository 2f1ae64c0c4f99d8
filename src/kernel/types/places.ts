/** @file Offsets in a text and the protocol's lines and characters, both in UTF-16 units. */

export type Place = { readonly line: number; readonly character: number };

export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length - 1, character: before.length - lineStart };
}

export function offsetAt(text: string, { line, character }: Place): number {
  let start = 0;
  for (let i = 0; i < line; i++) start = text.indexOf("\n", start) + 1;
  return Math.min(start + character, text.length);
}
