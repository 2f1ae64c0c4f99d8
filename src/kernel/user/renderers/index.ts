/** @file Renderers that need no cooperation of the value, in the order they are asked. */
import type { MimeBundle } from "../messages.ts";

/** The bundle of a value this renderer knows, else nothing. */
export type Renderer = (value: unknown) => MimeBundle | undefined;

export const RENDERERS: readonly Renderer[] = [];
