/** @file One item -> what the encoder reads: token ids and a patch layout. */
import type { Pixels } from "../data/types.ts";
import { visionTokenCount } from "./config.ts";
import type { EncoderConfig } from "./config.ts";
import { patchLayout } from "./pixels.ts";
import type { PatchLayout } from "./pixels.ts";
import { renderPrompt } from "./prompt.ts";
import type { PromptMode } from "./prompt.ts";
import { NANO_TOKENIZER, TextTokenizer } from "./tokenizer/tokenizer.ts";

/** One side of a pair, decoded. At least one of `text` and `pixels`. */
export type ProcessorItem = {
  readonly text?: string;
  readonly instruction?: string;
  /** Sides must be multiples of patchSize * spatialMergeSize; several frames are a clip. */
  readonly pixels?: Pixels;
};

/** What `assemble` takes. */
export type EncoderInput = {
  readonly ids: Int32Array; // [tokens], the last one is pooled
  readonly pixels?: Pixels;
  readonly layout?: PatchLayout;
  /** What the vision tower made of the pixels, [tokens, hidden]; fed instead of them where all inputs have it. */
  readonly visionTokens?: Float32Array;
};

export type ProcessorOptions = { readonly prompt?: PromptMode };

/** Texts kept tokenized; a training run asks for the same ones again and again. */
const CACHE_LIMIT = 200_000;

export class Processor {
  readonly config: EncoderConfig;
  readonly #tokenizer: TextTokenizer;
  readonly #cache = new Map<string, Int32Array>();

  constructor(config: EncoderConfig, tokenizer: TextTokenizer) {
    if (tokenizer.size > config.text.vocabSize) {
      throw new RangeError(
        `Processor: tokenizer has ${tokenizer.size} entries, encoder ${config.name} only ${config.text.vocabSize}`,
      );
    }
    this.config = config;
    this.#tokenizer = tokenizer;
  }

  /** With the tokenizer in data/nano. */
  static nano(config: EncoderConfig): Processor {
    return new Processor(config, TextTokenizer.fromFile(NANO_TOKENIZER));
  }

  /**
   * @throws RangeError for an item without text and pixels, or with more vision tokens than
   *   `maxTokens` leaves room for. A text that is too long loses its end.
   */
  process(item: ProcessorItem, { prompt = "instruction" }: ProcessorOptions = {}): EncoderInput {
    const { pixels, text = "", instruction = "" } = item;
    if (pixels === undefined && text === "" && instruction === "") {
      throw new RangeError("Processor: an item needs text, an instruction or pixels");
    }
    if (pixels === undefined) {
      return { ids: this.#textIds(prompt, { text, instruction, hasVision: false }, 0) };
    }
    const layout = patchLayout(pixels, this.config);
    const visionTokens = visionTokenCount(layout.grid, this.config);
    const around = this.#textIds(prompt, { text, instruction, hasVision: true }, visionTokens);
    const { tokens } = this.config;
    const at = around.indexOf(tokens.visionStart) + 1;
    const ids = new Int32Array(around.length + visionTokens);
    ids.set(around.subarray(0, at), 0);
    ids.fill(layout.still ? tokens.imagePad : tokens.videoPad, at, at + visionTokens);
    ids.set(around.subarray(at), at + visionTokens);
    return { ids, pixels, layout };
  }

  #textIds(
    mode: PromptMode,
    parts: { text: string; instruction: string; hasVision: boolean },
    visionTokens: number,
  ): Int32Array {
    const { template, maxTokens } = this.config.processor;
    const key = `${mode}\0${parts.hasVision ? visionTokens : ""}\0${parts.instruction}\0${parts.text}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const { prompt, suffix } = renderPrompt(template, mode, parts);
    let ids = this.#tokenizer.encode(prompt);
    const room = maxTokens - visionTokens;
    if (ids.length > room) ids = this.#truncate(ids, suffix, room, visionTokens);
    const result = Int32Array.from(ids);
    if (this.#cache.size >= CACHE_LIMIT) this.#cache.clear();
    this.#cache.set(key, result);
    return result;
  }

  /** Keeps the end, which closes the turn and holds the pooled token. */
  #truncate(ids: readonly number[], suffix: string, room: number, visionTokens: number): number[] {
    const end = this.#tokenizer.encode(suffix);
    const head = room - end.length;
    const markers = ids.indexOf(this.config.tokens.visionEnd) + 1;
    if (head < markers || head <= 0) {
      throw new RangeError(
        `Processor: ${visionTokens} vision tokens and ${markers + end.length} of the prompt exceed maxTokens ${this.config.processor.maxTokens}`,
      );
    }
    return [...ids.slice(0, head), ...end];
  }
}
