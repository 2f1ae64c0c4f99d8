/** @file A lock between processes: a file that names its holder. */
import { readFile, rm, writeFile } from "node:fs/promises";

const POLL_MS = 200;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Creates the file; false if another holder has it. */
async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new Error(`cannot take the lock ${file}`, { cause: error });
  }
}

/** Removes the lock of a process that is gone, so that a killed build does not block the next. */
async function clearStale(file: string): Promise<void> {
  let holder: string;
  try {
    holder = await readFile(file, "utf8");
  } catch {
    return; // released between our try and this look
  }
  const pid = Number(holder);
  if (holder !== "" && !(pid > 0 && isAlive(pid))) await rm(file, { force: true });
}

/** Runs `work` while holding `file`; waits as long as another living process holds it. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  while (!(await take(file))) {
    await clearStale(file);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}
