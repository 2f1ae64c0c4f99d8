/** @file Where history is kept. */
import { homedir, platform } from "node:os";
import { join } from "node:path";

/** `RZENLAB_HISTORY` names the file (`:memory:` keeps none); otherwise it is the system's folder for such state. */
export function historyFile(env: NodeJS.ProcessEnv = process.env): string {
  const named = env["RZENLAB_HISTORY"];
  if (named) return named;
  return join(stateFolder(env), "rzenlab", "kernel-history.db");
}

function stateFolder(env: NodeJS.ProcessEnv): string {
  if (platform() === "darwin") return join(homedir(), "Library", "Application Support");
  if (platform() === "win32") return env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local");
  return env["XDG_STATE_HOME"] || join(homedir(), ".local", "state");
}
