import { describe, expect, test } from "vitest";
import { EncoderConfig, visionTokenCount } from "../../src/model/config.ts";
import { encoderParameters, linearModules, parameterCount } from "../../src/model/parameters.ts";
import { preset, PRESET_NAMES } from "../../src/model/presets.ts";

const tiny = preset("tiny");

test("nano stays within 3 M parameters and 12 MB of float32", () => {
  const count = parameterCount(encoderParameters(preset("nano")));
  expect(count).toBeLessThanOrEqual(3_000_000);
  expect(4 * count).toBeLessThanOrEqual(12_000_000);
});

// Counted by Hugging Face for Qwen/Qwen2-VL-2B-Instruct (tied head) and, with its separate head, -7B-Instruct.
test.each([
  ["qwen2-vl-2b", 2_208_985_600],
  ["qwen2-vl-7b", 8_291_375_616 - 152_064 * 3_584],
])("%s has the parameters of the released model", (name, count) => {
  expect(parameterCount(encoderParameters(preset(name)))).toBe(count);
});

test("an unknown preset is answered with the known ones", () => {
  expect(() => preset("huge")).toThrow(`no encoder "huge"; there are ${PRESET_NAMES.join(", ")}`);
});

describe("what doesn't fit together is named", () => {
  test.each([
    [{ vision: { ...tiny.vision, heads: 3 } }, "heads 3 must divide width 16"],
    [
      { vision: { ...tiny.vision, heads: 8 } },
      "2-D rotary needs width/heads divisible by 4, got 2",
    ],
    [{ text: { ...tiny.text, kvHeads: 3 } }, "kvHeads 3 must divide heads 4"],
    [
      { text: { ...tiny.text, mropeSection: [2, 2, 1] } },
      "mropeSection [2,2,1] must sum to headDim/2 = 4",
    ],
    [{ tokens: { ...tiny.tokens, pad: 48 } }, "id 48 is outside the vocabulary of 48"],
    [{ text: { ...tiny.text, layer: 3 } }, "layer"],
  ])("%#", (change, message) => {
    expect(() => EncoderConfig.parse({ ...tiny, ...change })).toThrow(message);
  });
});

test("four patches make one token", () => {
  expect(visionTokenCount([4, 6, 6], preset("nano"))).toBe(36);
});

test("linear layers are those an adapter can extend, without embeddings and norms", () => {
  const modules = linearModules(encoderParameters(tiny));
  expect(modules.size).toBe(2 * 4 + 2 + 2 * 7);
  expect(modules.get("model.layers.1.self_attn.k_proj")).toEqual([16, 32]);
  expect([...modules.keys()].filter((name) => /embed|norm/.test(name))).toEqual([]);
});
