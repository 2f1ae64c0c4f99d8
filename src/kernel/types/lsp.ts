/** @file The parts of the Language Server Protocol's answers that are read here. */
import type { Place } from "./places.ts";

type Range = { readonly start: Place; readonly end: Place };
type Markup = string | { readonly value: string };

export type LspCompletion = {
  readonly label: string;
  readonly kind?: number;
  readonly sortText?: string;
  readonly insertText?: string;
  readonly detail?: string;
  readonly documentation?: Markup;
  readonly textEdit?: { readonly newText: string; readonly range?: Range; readonly insert?: Range };
};

export type LspHover = { readonly contents: Markup };

export type LspSignatureHelp = {
  readonly signatures: readonly { readonly label: string; readonly documentation?: Markup }[];
  readonly activeSignature?: number;
};

export type LspLocation = {
  readonly uri?: string;
  readonly range?: Range;
  readonly targetUri?: string;
  readonly targetSelectionRange?: Range;
};

export type LspDiagnostic = {
  readonly severity?: number;
  readonly code?: number | string;
  readonly message: string;
  readonly range: Range;
};

export const markdownOf = (content: Markup): string =>
  typeof content === "string" ? content : content.value;
