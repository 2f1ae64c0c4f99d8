/**
 * @file Makes data/nano/tokenizer.json from npm packages.
 *
 * Run: `node src/model/tokenizer/build.ts` (8 s). Whole words are those of prompts and of English
 * emoji names, then the most frequent ones of glosses, facts, READMEs and other languages; every
 * other word is spelled by learned pieces or single characters, so that names never seen before
 * still differ from each other.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCorpora } from "./corpora.ts";
import type { Corpora } from "./corpora.ts";
import { NORMALIZER, PRE_TOKENIZER, wordSplitter } from "./normalize.ts";
import { PROMPT_TEXTS } from "./prompt-words.ts";
import { SPECIAL_TOKENS } from "./special.ts";
import { CONTINUATION, learnPieces } from "./wordpiece.ts";

type Counts = Map<string, number>;

/** Number of entries of each kind after the special tokens, characters and prompt words. */
const SIZES = { glosses: 800, readmes: 200, languages: 160, numbers: 60, pieces: 700 } as const;

/** Facts on one country only must be spelled: its name is what a reader has to find on the page. */
const MIN_COUNTRY_COUNT = 3;

const SYMBOLS = "abcdefghijklmnopqrstuvwxyz0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

function countWords(texts: readonly string[], split: (text: string) => string[]): Counts {
  const counts: Counts = new Map();
  for (const text of texts) {
    for (const word of split(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

/** Words by falling count, then alphabetically. */
function ranked(counts: Counts): string[] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word);
}

const isWord = (word: string) => /^\p{Script=Latin}{2,}$/u.test(word);

/** Tags hold country codes and other scraps, nearly all of two or three letters and used once. */
function isEmojiWord(counts: Counts): (word: string) => boolean {
  return (word) => word.length > 3 || counts.get(word)! >= (word.length === 3 ? 2 : 3);
}

export function buildVocabulary(corpora: Corpora): string[] {
  const split = wordSplitter();
  const counts = {
    prompts: countWords(PROMPT_TEXTS, split),
    emoji: countWords(corpora.emoji, split),
    glosses: countWords(corpora.glosses, split),
    countries: countWords(corpora.countries, split),
    readmes: countWords(corpora.readmes, split),
    languages: countWords(corpora.languages, split),
  };
  const vocabulary = new Set<string>(SPECIAL_TOKENS);
  const characters = new Set(SYMBOLS);
  for (const source of Object.values(counts)) addCharacters(source, characters);
  for (const character of [...characters].sort()) vocabulary.add(character);
  for (const character of [...characters].sort()) vocabulary.add(CONTINUATION + character);
  for (let n = 10; n < SIZES.numbers; n++) vocabulary.add(String(n)).add(CONTINUATION + n);

  const take = (words: readonly string[], limit: number) => {
    const end = vocabulary.size + limit;
    for (const word of words) if (vocabulary.size < end && isWord(word)) vocabulary.add(word);
  };
  const atLeast = (source: Counts, least: number) =>
    ranked(source).filter((word) => source.get(word)! >= least);
  take(ranked(counts.prompts), Infinity);
  take(ranked(counts.emoji).filter(isEmojiWord(counts.emoji)), Infinity);
  take(atLeast(counts.countries, MIN_COUNTRY_COUNT), Infinity);
  take(ranked(counts.glosses), SIZES.glosses);
  take(ranked(counts.readmes), SIZES.readmes);
  take(ranked(counts.languages), SIZES.languages);

  for (const piece of learnPieces(remaining(Object.values(counts), vocabulary), SIZES.pieces)) {
    vocabulary.add(piece);
  }
  return [...vocabulary];
}

/** Characters of Latin-script words and of punctuation that occur at least five times. */
function addCharacters(counts: Counts, characters: Set<string>): void {
  const own: Counts = new Map();
  for (const [word, count] of counts) {
    for (const character of word) own.set(character, (own.get(character) ?? 0) + count);
  }
  for (const [character, count] of own) {
    if (count >= 5 && /^[\p{Script=Latin}\p{P}\p{Sc}°²³±×÷§™→]$/u.test(character)) {
      characters.add(character);
    }
  }
}

/** Counts of the words that aren't whole; a frequent source must not drown the others. */
function remaining(sources: readonly Counts[], vocabulary: ReadonlySet<string>): Counts {
  const left: Counts = new Map();
  for (const source of sources) {
    for (const [word, count] of source) {
      if (!isWord(word) || vocabulary.has(word)) continue;
      left.set(word, (left.get(word) ?? 0) + Math.min(count, 20));
    }
  }
  return left;
}

export function tokenizerJson(vocabulary: readonly string[]): object {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL_TOKENS.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: NORMALIZER,
    pre_tokenizer: PRE_TOKENIZER,
    post_processor: null,
    decoder: { type: "WordPiece", prefix: CONTINUATION, cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: CONTINUATION,
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
    },
  };
}

if (import.meta.main) {
  const root = join(import.meta.dirname, "..", "..", "..");
  const folder = join(root, "data", "nano");
  const vocabulary = buildVocabulary(readCorpora(join(root, "node_modules")));
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "tokenizer.json"),
    `${JSON.stringify(tokenizerJson(vocabulary), null, 1)}\n`,
  );
  process.stderr.write(`tokenizer.json: ${vocabulary.length} entries\n`);
}
