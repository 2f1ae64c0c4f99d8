/** @file Arguments a person got wrong: exit code 2, one line on stderr. */

/** The command line itself is wrong (not the work it asked for). */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Parses `text` as a whole number >= `minimum`, or says which option is wrong. */
export function wholeNumber(option: string, text: string, minimum = 1): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < minimum) {
    throw new UsageError(`--${option}: expected a whole number >= ${minimum}, got "${text}"`);
  }
  return value;
}

/** `text` if it is one of `choices`, or says which are allowed. */
export function oneOf<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found === undefined) {
    throw new UsageError(`--${option}: expected one of ${choices.join(", ")}, got "${text}"`);
  }
  return found;
}

/** Errors of `parse` become usage errors: what the person typed can't be. */
export function asUsage<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}
