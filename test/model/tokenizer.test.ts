import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { preset } from "../../src/model/presets.ts";
import { tokenizerJson } from "../../src/model/tokenizer/build.ts";
import { SPECIAL_TOKENS } from "../../src/model/tokenizer/special.ts";
import { NANO_TOKENIZER, TextTokenizer } from "../../src/model/tokenizer/tokenizer.ts";
import { learnPieces } from "../../src/model/tokenizer/wordpiece.ts";

const tokenizer = TextTokenizer.fromFile(NANO_TOKENIZER);
const { text, tokens } = preset("nano");

test("the vocabulary is as large as the nano encoder's table", () => {
  expect(tokenizer.size).toBe(text.vocabSize);
});

test("the special tokens have the ids of the nano preset", () => {
  expect(SPECIAL_TOKENS.map((token) => tokenizer.id(token))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(tokens).toEqual({
    pad: tokenizer.id("[PAD]"),
    endOfText: tokenizer.id("<|endoftext|>"),
    visionStart: tokenizer.id("<|vision_start|>"),
    visionEnd: tokenizer.id("<|vision_end|>"),
    imagePad: tokenizer.id("<|image_pad|>"),
    videoPad: tokenizer.id("<|video_pad|>"),
  });
});

test("case and accents don't matter, common words are whole", () => {
  expect(tokenizer.tokens("Café, a RED apple!")).toEqual(["cafe", ",", "a", "red", "apple", "!"]);
});

test("words never seen are spelled, and spelled differently", () => {
  const names = ["Ouagadougou", "Xylqzwv", "Xylqzvw", "smørrebrød", "kæmpestor", "12345"];
  const ids = names.map((name) => tokenizer.encode(name));
  expect(ids.flat()).not.toContain(tokenizer.id("[UNK]"));
  expect(new Set(ids.map(String)).size).toBe(names.length);
});

test("special tokens inside a text are one id each", () => {
  expect(tokenizer.encode("<|vision_start|><|vision_end|>cat<|endoftext|>")).toEqual([
    5,
    6,
    tokenizer.id("cat"),
    2,
  ]);
});

test("ids become text again", () => {
  expect(tokenizer.decode(tokenizer.encode("a small dog"))).toBe("a small dog");
});

test("an unknown token is named with the vocabulary's size", () => {
  expect(() => tokenizer.id("<|nothing|>")).toThrow(
    'no token "<|nothing|>" in a vocabulary of 5920',
  );
});

test("a broken file is named", () => {
  const path = join(mkdtempSync(join(tmpdir(), "tokenizer-")), "tokenizer.json");
  writeFileSync(path, "{");
  expect(() => TextTokenizer.fromFile(path)).toThrow(`reading tokenizer ${path}: `);
});

test("pieces are merged in the order of how often their pair occurs", () => {
  const counts = new Map([
    ["low", 5],
    ["lower", 2],
    ["newest", 6],
    ["widest", 3],
  ]);
  // e+s 9, es+t 9; then l+o and o+w 7 each, "##o ##w" alphabetically before "l ##o"; l+ow 7
  expect(learnPieces(counts, 4)).toEqual(["##es", "##est", "##ow", "low"]);
});

test("a written tokenizer.json is read back with its own order of ids", () => {
  const made = new TextTokenizer(tokenizerJson([...SPECIAL_TOKENS, "cat", "##s"]));
  expect(made.encode("cats dog")).toEqual([9, 10, 1]);
});
