/** @file Renderers that need no cooperation of the value, in the order they are asked. */
import type { MimeBundle } from "../messages.ts";
import { errorValue } from "./error-value.ts";
import { figure } from "./figure.ts";
import { image } from "./image.ts";
import { numbers } from "./numbers.ts";
import { records } from "./records.ts";

/** What a renderer may know of the cell it renders for. */
export type RenderContext = {
  /** Same for every run of the same cell. */
  readonly cellKey: string;
};

/** The bundle of a value this renderer knows, else nothing. */
export type Renderer = (value: unknown, context: RenderContext) => MimeBundle | undefined;

export const RENDERERS: readonly Renderer[] = [errorValue, image, numbers, figure, records];
