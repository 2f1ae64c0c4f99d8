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

/** Whether any process has this id. One that is dead and waits for its parent to notice does not count. */
export function isAlive(pid: number): boolean {
  if (!(Number.isInteger(pid) && pid > 0)) return false; // 0 and less name groups
  try {
    kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return platform !== "linux" || !/^[ZX]$/.test(statOf(pid)[STATE] ?? "");
}

function startOf(pid: number): string {
  if (platform === "win32") return "";
  if (platform !== "linux") {
    return spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], {
      encoding: "utf8",
    }).stdout.trim();
  }
  return statOf(pid)[START] ?? "";
}

/** Places in what `statOf` gives: fields 3 and 22 of proc_pid_stat(5). */
const [STATE, START] = [0, 19];

/** What Linux says of a process behind its name, which may hold spaces and brackets; nothing if it is gone. */
function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}
