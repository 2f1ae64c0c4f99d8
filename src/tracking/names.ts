/** @file Ids and names for runs that were given none. */
import { randomInt, randomUUID } from "node:crypto";

const QUALITIES =
  "amber brave bright calm clever crisp curious early fair fleet gentle keen light lively lucid merry mild noble patient plain quick quiet rapid ready silent silver sober steady sunny swift tidy vivid warm wise".split(
    " ",
  );
const THINGS =
  "acorn anchor aspen badger beacon birch brook cedar comet crane delta ember falcon fern finch fjord glade harbor heron ibis juniper lark lynx maple marten meadow otter owl pine plover raven reed river robin sable sparrow spruce stork swan tern thistle vole willow wren".split(
    " ",
  );

/** 32 hexadecimal digits. */
export function randomRunId(): string {
  return randomUUID().replaceAll("-", "");
}

/** `quiet-otter-417`. */
export function randomName(): string {
  const pick = (words: readonly string[]): string => words[randomInt(words.length)]!;
  return `${pick(QUALITIES)}-${pick(THINGS)}-${randomInt(1_000)}`;
}
