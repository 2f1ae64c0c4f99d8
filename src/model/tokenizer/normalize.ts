/** @file Text -> words, exactly as the tokenizer's own normaliser and pre-tokenizer split them. */
import { Tokenizer } from "@huggingface/tokenizers";

/** Lower case, no accents, Chinese characters apart; then split at spaces and punctuation. */
export const NORMALIZER = {
  type: "BertNormalizer",
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: true,
  lowercase: true,
} as const;

export const PRE_TOKENIZER = { type: "BertPreTokenizer" } as const;

/** A function that lists the words of a text. */
export function wordSplitter(): (text: string) => string[] {
  const empty = new Tokenizer(
    {
      version: "1.0",
      added_tokens: [],
      normalizer: NORMALIZER,
      pre_tokenizer: PRE_TOKENIZER,
      post_processor: null,
      decoder: null,
      model: { type: "WordPiece", unk_token: "[UNK]", vocab: { "[UNK]": 0 } },
    },
    {},
  );
  const { normalizer, pre_tokenizer: preTokenizer } = empty;
  if (normalizer === null || preTokenizer === null) {
    throw new Error("internal: @huggingface/tokenizers made no normalizer or pre-tokenizer");
  }
  return (text) => preTokenizer(normalizer(text)).filter((word: string) => word !== "");
}
