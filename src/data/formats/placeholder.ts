/** @file Instructions and the picture placeholder inside MMEB's text columns. */

/** MMEB-train's token where a picture goes; loaders put their model's own in its place. */
export const IMAGE_PLACEHOLDER = "<|image_1|>";

/** `<|image_1|> instruction text`, what is missing left out: one text column of MMEB-train. */
export function joinText(hasImage: boolean, instruction: string, text: string | undefined): string {
  const parts = [hasImage ? IMAGE_PLACEHOLDER : "", instruction, text ?? ""];
  return parts.filter((part) => part !== "").join(" ");
}

/**
 * The text of a column that `joinText` or MMEB's authors wrote, without placeholder and instruction.
 * Exact inverse of `joinText` when given what it was given.
 */
export function splitText(column: string, hasImage: boolean, instruction: string): string {
  let rest = column;
  if (hasImage && rest.startsWith(IMAGE_PLACEHOLDER)) {
    rest = rest.slice(IMAGE_PLACEHOLDER.length).replace(/^[ \n]/, "");
  }
  if (instruction !== "" && rest.startsWith(instruction)) {
    rest = rest.slice(instruction.length).replace(/^[ \n]/, "");
  }
  return rest;
}

/** All placeholders taken out, the white space around them closed up. */
export function stripPlaceholder(text: string): string {
  return text.replaceAll(/\s*<\|image_\d+\|>\s*/g, " ").trim();
}
