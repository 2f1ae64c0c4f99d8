/** @file The commands that make a run again, go on with it, or make one like it. */

/** Settings as the command line takes them: the whole config, so that a changed default changes nothing. */
export function settingsOf(
  params: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string>> = {},
): string[] {
  return Object.entries({ ...params, ...changes })
    .filter(([key]) => key !== "recipe")
    .map(([key, value]) => `${key}=${value}`);
}

/** Whether the run was made by `rzenlab`, whose runs name their recipe. */
export function hasCommand(params: Readonly<Record<string, string>>): boolean {
  return params["recipe"] !== undefined;
}

export function trainCommand(
  params: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string>> = {},
): string {
  return ["npx rzenlab train baseline", ...settingsOf(params, changes).map(quoted)].join(" ");
}

export function resumeCommand(runId: string): string {
  return `npx rzenlab resume ${runId}`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w.,:=/+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
