/** @file Processes by id and start time: an id alone may by now belong to another process. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { kill, platform } from "node:process";

/** One process, told from a later one with the same id. JSON. */
export type ProcessMark = {
  readonly pid: number;
  /** When it started, as its system writes it; empty where that can't be found out. */
  readonly started: string;
};

/** The mark of a process that lives. */
export function markOf(pid: number): ProcessMark {
  return { pid, started: startOf(pid) };
}

/** Whether this very process still lives. */
export function lives({ pid, started }: ProcessMark): boolean {
  return isAlive(pid) && startOf(pid) === started;
}

/** Whether any process has this id. */
export function isAlive(pid: number): boolean {
  if (!(Number.isInteger(pid) && pid > 0)) return false; // 0 and less name groups
  try {
    return kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function startOf(pid: number): string {
  if (platform === "win32") return "";
  if (platform !== "linux") {
    return spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
    }).stdout.trim();
  }
  try {
    // Field 22, counted behind the name, which may hold spaces and brackets.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]!;
  } catch {
    return "";
  }
}
