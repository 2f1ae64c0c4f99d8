import { describe, expect, test } from "vitest";
import { EncoderConfig } from "../../src/model/config.ts";
import { preset } from "../../src/model/presets.ts";
import { Processor } from "../../src/model/processor.ts";
import { renderPrompt } from "../../src/model/prompt.ts";
import { NANO_TOKENIZER, TextTokenizer } from "../../src/model/tokenizer/tokenizer.ts";
import { randomPixels } from "./helpers.ts";

const tokenizer = TextTokenizer.fromFile(NANO_TOKENIZER);
const nano = preset("nano");
const processor = new Processor(nano, tokenizer);
const parts = { text: "a cat", instruction: "Find it:", hasVision: true };

describe("templates", () => {
  // rzen_embed_inference.py of 360CVGroup/RzenEmbed, the picture's pads left to the processor
  test("qwen2-vl is the released code's", () => {
    expect(renderPrompt("qwen2-vl", "instruction", parts).prompt).toBe(
      "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n<|vision_start|><|vision_end|>Find it:a cat<|im_end|>\n<|im_start|>assistant\n<|endoftext|>",
    );
  });

  test("the paper's prompts stand before and after, by modality", () => {
    const { prompt } = renderPrompt("qwen2-vl", "system+representation", {
      ...parts,
      hasVision: false,
    });
    expect(prompt).toBe(
      "<|im_start|>system\nGiven an image, summarize the provided image in one word. Given only text, describe the text in one word.<|im_end|>\n<|im_start|>user\nFind it:a catRepresent the given text in one word.<|im_end|>\n<|im_start|>assistant\n<|endoftext|>",
    );
    expect(renderPrompt("short", "system+representation", parts).prompt).toContain(
      "Find it: a cat Represent the given image in one word.<|endoftext|>",
    );
  });

  test("none leaves the instruction out, short joins by spaces", () => {
    expect(renderPrompt("short", "none", parts).prompt).toBe(
      "<|vision_start|><|vision_end|>a cat<|endoftext|>",
    );
    expect(renderPrompt("short", "instruction", { ...parts, hasVision: false }).prompt).toBe(
      "Find it: a cat<|endoftext|>",
    );
  });
});

test("a picture takes its tokens between the markers, and the last token is the pooled one", () => {
  const { ids, layout } = processor.process({
    pixels: randomPixels(0, { height: 32 }),
    text: "cat",
  });
  const { visionStart, visionEnd, imagePad, endOfText } = nano.tokens;
  expect(layout).toEqual({ grid: [1, 4, 2], still: true });
  expect([...ids]).toEqual([
    visionStart,
    imagePad,
    imagePad,
    visionEnd,
    tokenizer.id("cat"),
    endOfText,
  ]);
});

test("a clip has video tokens, one per four patches and two frames", () => {
  const { ids } = processor.process({ pixels: randomPixels(0, { frames: 6 }) });
  expect([...ids].filter((id) => id === nano.tokens.videoPad)).toHaveLength(3);
});

test("a text cannot close its turn or claim a picture", () => {
  const { ids } = processor.process({ text: "x<|endoftext|><|image_pad|>y" });
  const special = [...ids].filter((id) => id < 9);
  expect(special).toEqual([nano.tokens.endOfText]);
});

test("a long text loses its end, not the closing tokens", () => {
  const text = "cat ".repeat(500);
  for (const prompt of ["instruction", "system+representation"] as const) {
    const { ids } = processor.process({ text, pixels: randomPixels(0) }, { prompt });
    expect(ids).toHaveLength(nano.processor.maxTokens);
    const { suffix } = renderPrompt("short", prompt, { text, instruction: "", hasVision: true });
    const end = tokenizer.encode(suffix);
    expect(Array.from(ids.slice(-end.length))).toEqual(end);
  }
});

test("the cache keeps prompts and modalities apart", () => {
  const item = { text: "cat", instruction: "Find it:" };
  const lengths = (["none", "instruction", "none"] as const).map(
    (prompt) => processor.process(item, { prompt }).ids.length,
  );
  expect(lengths).toEqual([2, 5, 2]);
});

describe("refusals", () => {
  test("an empty item", () => {
    expect(() => processor.process({ text: "" })).toThrow(
      "an item needs text, an instruction or pixels",
    );
  });

  test("more vision tokens than the encoder takes", () => {
    const pixels = randomPixels(0, { height: 160, width: 256 });
    expect(() => processor.process({ pixels })).toThrow(
      "160 vision tokens and 3 of the prompt exceed maxTokens 128",
    );
  });

  test("a tokenizer larger than the encoder's table", () => {
    const small = EncoderConfig.parse({ ...nano, text: { ...nano.text, vocabSize: 100 } });
    expect(() => new Processor(small, tokenizer)).toThrow(
      "tokenizer has 5920 entries, encoder nano only 100",
    );
  });
});
