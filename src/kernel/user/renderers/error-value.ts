/** @file Errors that are values, not thrown: message and stack, without the noise of inspection. */
import { errorContent } from "../errors.ts";
import type { Renderer } from "./index.ts";

// oxlint-disable-next-line no-control-regex -- ANSI colours begin with one
const COLOURS = /\u001b\[\d+m/g;

export const errorValue: Renderer = (value) => {
  if (!(value instanceof Error)) return undefined;
  const text = errorContent(value).traceback.join("\n");
  return { "text/plain": text.replaceAll(COLOURS, "") };
};
