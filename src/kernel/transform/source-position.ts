/** @file Places in a text: lines, UTF-16 offsets, and the code points that Jupyter counts cursors in. */

export type Position = {
  /** From 1. */
  readonly line: number;
  /** From 0, in UTF-16 units. */
  readonly column: number;
};

export function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: before.length - (before.lastIndexOf("\n") + 1) };
}

/** UTF-16 offset of Jupyter's `cursor_pos`, which counts code points; past the end it is the end. */
export function offsetOfCursor(text: string, cursor: number): number {
  let offset = 0;
  for (let i = 0; i < cursor && offset < text.length; i++) {
    offset += text.codePointAt(offset)! > 0xffff ? 2 : 1;
  }
  return offset;
}

/** Jupyter's `cursor_pos` of a UTF-16 offset. */
export function cursorOfOffset(text: string, offset: number): number {
  let cursor = 0;
  for (let i = 0; i < Math.min(offset, text.length); cursor++) {
    i += text.codePointAt(i)! > 0xffff ? 2 : 1;
  }
  return cursor;
}
