/** @file Multiple-choice options as MMEB's video question sets write them. */
import type { Row } from "../formats/parquet.ts";

/** `(A) first`, `(B) second` ... */
export function letteredOptions(choices: readonly string[]): string[] {
  return choices.map((choice, i) => `(${String.fromCodePoint(65 + i)}) ${choice}`);
}

/** `A. The cat.` without its letter, outer blanks and periods. */
export function optionText(option: string): string {
  const at = option.indexOf(". ");
  return option.slice(Math.max(at, 0)).replaceAll(/^[. ]+|[. ]+$/g, "");
}

/** The row's `answer`, an index or a letter, as an index into the options. */
export function optionIndex(row: Row, options: readonly string[]): number {
  const answer = row.text("answer");
  const index = /^[A-Z]$/.test(answer) ? answer.codePointAt(0)! - 65 : Number(answer);
  if (answer !== "" && Number.isInteger(index) && index >= 0 && index < options.length)
    return index;
  throw row.fail("answer", `a letter or index of ${options.length} options`);
}
