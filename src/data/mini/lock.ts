/** @file A lock between processes: a file that names its holder. */
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";

const POLL_MS = 200;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Takes the lock; false if another holder has it. A link appears with its content or not at all. */
async function take(file: string): Promise<boolean> {
  const own = `${file}.${process.pid}.new`;
  try {
    await writeFile(own, String(process.pid));
    await link(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new Error(`cannot take the lock ${file}`, { cause: error });
  } finally {
    await rm(own, { force: true });
  }
}

/**
 * Removes the lock of a process that is gone, so that a killed build does not block the next. The
 * lock is moved away before it is judged: of two that clear at once only one can move it.
 */
async function clearStale(file: string): Promise<void> {
  if (await isHeld(file)) return;
  const moved = `${file}.${process.pid}`;
  try {
    await rename(file, moved);
  } catch {
    return; // released or cleared between our look and this move
  }
  if (await isHeld(moved)) await link(moved, file); // it had changed hands: give it back
  await rm(moved);
}

/** Whether the process that a lock names lives. */
async function isHeld(file: string): Promise<boolean> {
  let holder: string;
  try {
    holder = await readFile(file, "utf8");
  } catch {
    return true; // gone already: nothing to clear
  }
  const pid = Number(holder);
  return pid > 0 && isAlive(pid);
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
