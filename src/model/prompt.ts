/** @file What is written around an input (spec 1.6): instruction, system and representation prompt. */

/**
 * - `none`: the input alone.
 * - `instruction`: the task's instruction before the text.
 * - `system+representation`: also the paper's system prompt and representation prompt.
 */
export const PROMPT_MODES = ["none", "instruction", "system+representation"] as const;
export type PromptMode = (typeof PROMPT_MODES)[number];

export const SYSTEM_PROMPT =
  "Given an image, summarize the provided image in one word. Given only text, describe the text in one word.";
export const REPRESENT_TEXT = "Represent the given text in one word.";
export const REPRESENT_IMAGE = "Represent the given image in one word.";

/** System line of Qwen2-VL's chat template and of RzenEmbed's released code. */
const STOCK_SYSTEM = "You are a helpful assistant.";

export type PromptParts = {
  readonly text: string;
  readonly instruction: string;
  readonly hasVision: boolean;
};

/** Where the pad tokens of the picture go; never reaches the tokenizer from a user's text. */
const VISION = "<|vision_start|><|vision_end|>";

/**
 * The whole input as one string, the vision tokens as an empty pair of markers.
 *
 * `qwen2-vl` is the released code's chat template, instruction and text joined without a
 * separator; `short` is ours for small encoders, where every token costs, and joins by a space.
 * Both end in `<|endoftext|>`, whose hidden state is the embedding.
 */
export function renderPrompt(
  template: "short" | "qwen2-vl",
  mode: PromptMode,
  { text, instruction, hasVision }: PromptParts,
): { readonly prompt: string; readonly suffix: string } {
  const full = mode === "system+representation";
  const vision = hasVision ? VISION : "";
  const represent = hasVision ? REPRESENT_IMAGE : REPRESENT_TEXT;
  const parts = [mode === "none" ? "" : instruction, text].map(withoutMarkers);
  if (template === "qwen2-vl") {
    const system = full ? SYSTEM_PROMPT : STOCK_SYSTEM;
    const body = parts.join("");
    const suffix = `${full ? represent : ""}<|im_end|>\n<|im_start|>assistant\n<|endoftext|>`;
    const head = `<|im_start|>system\n${system}<|im_end|>\n<|im_start|>user\n${vision}`;
    return { prompt: `${head}${body}${suffix}`, suffix };
  }
  const body = parts.filter((part) => part !== "").join(" ");
  const suffix = `${full ? ` ${represent}` : ""}<|endoftext|>`;
  const head = full ? `<|im_start|>${SYSTEM_PROMPT}<|im_end|>` : "";
  return { prompt: `${head}${vision}${body}${suffix}`, suffix };
}

/** A text must not be able to close its own turn or to claim pictures. */
function withoutMarkers(text: string): string {
  return text.replaceAll("<|", "< |");
}
