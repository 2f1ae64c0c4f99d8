/** @file The tokenizer's files as Hugging Face's libraries read them. */
import type { EncoderConfig } from "../config.ts";
import { TextTokenizer } from "../tokenizer/tokenizer.ts";

/**
 * tokenizer.json and tokenizer_config.json. A plain call of the tokenizer closes a text with the token
 * whose state is the embedding, as the short prompt does; RzenLab adds no special tokens, so it reads the
 * same ids as before.
 */
export function tokenizerFiles(tokenizer: object, config: EncoderConfig): Record<string, object> {
  const names = new Map(
    [...new TextTokenizer(tokenizer).vocabulary()].map(([token, id]) => [id, token]),
  );
  const end = names.get(config.tokens.endOfText)!;
  const special = { SpecialToken: { id: end, type_id: 0 } };
  const sequence = (id: string): object => ({ Sequence: { id, type_id: 0 } });
  const closing = {
    type: "TemplateProcessing",
    single: [sequence("A"), special],
    pair: [sequence("A"), sequence("B"), special],
    special_tokens: { [end]: { id: end, ids: [config.tokens.endOfText], tokens: [end] } },
  };
  const isShort = config.processor.template === "short";
  return {
    "tokenizer.json": isShort ? { ...tokenizer, post_processor: closing } : tokenizer,
    "tokenizer_config.json": {
      tokenizer_class: "PreTrainedTokenizerFast",
      pad_token: names.get(config.tokens.pad)!,
      eos_token: end,
      ...([...names.values()].includes("[UNK]") && { unk_token: "[UNK]" }),
      model_max_length: config.processor.maxTokens,
      padding_side: "right",
      clean_up_tokenization_spaces: false,
      model_input_names: ["input_ids", "attention_mask"],
    },
  };
}
