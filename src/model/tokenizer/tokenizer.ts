/** @file Hugging Face tokenizer.json -> token ids. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";

export const NANO_TOKENIZER = join(
  import.meta.dirname,
  "..",
  "..",
  "..",
  "data",
  "nano",
  "tokenizer.json",
);

export class TextTokenizer {
  readonly #tokenizer: Tokenizer;
  /** Entries, special tokens included. */
  readonly size: number;

  /** @param json the parsed content of a tokenizer.json. */
  constructor(json: object) {
    this.#tokenizer = new Tokenizer(json, {});
    this.size = this.#tokenizer.get_vocab(true).size;
  }

  /** @throws Error naming the file, with the cause. */
  static fromFile(path: string): TextTokenizer {
    try {
      return new TextTokenizer(JSON.parse(readFileSync(path, "utf8")) as object);
    } catch (error) {
      throw new Error(`reading tokenizer ${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Special tokens written in `text` are recognised; none is added. */
  encode(text: string): number[] {
    return this.#tokenizer.encode(text, { add_special_tokens: false }).ids;
  }

  decode(ids: readonly number[]): string {
    return this.#tokenizer.decode([...ids], { skip_special_tokens: false });
  }

  tokens(text: string): string[] {
    return this.#tokenizer.tokenize(text, { add_special_tokens: false });
  }

  /** @throws RangeError if the vocabulary has no such token. */
  id(token: string): number {
    const id = this.#tokenizer.token_to_id(token);
    if (id === undefined) {
      throw new RangeError(`TextTokenizer: no token "${token}" in a vocabulary of ${this.size}`);
    }
    return id;
  }

  /** Token -> id. */
  vocabulary(): ReadonlyMap<string, number> {
    return this.#tokenizer.get_vocab(true);
  }
}
