import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { isAlive, lives, markOf } from "../../src/tracking/process.ts";

test("a process is known by its id and its start", () => {
  const mark = markOf(process.pid);
  expect(lives(mark)).toBe(true);
  expect(isAlive(process.pid)).toBe(true);
  if (process.platform !== "win32") expect(lives({ ...mark, started: "before" })).toBe(false);
});

test("groups are no processes", () => {
  for (const pid of [0, -1, 1.5, Number.NaN]) expect(isAlive(pid)).toBe(false);
});

test.runIf(process.platform === "linux")(
  "a process whose end its parent has not noticed is dead",
  async () => {
    // The shell becomes a program that waits for nobody before its child ends.
    const parent = spawn("sh", ["-c", "sleep 0.5 & echo $!; exec sleep 60"]);
    try {
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(String(line));
      const state = (): string => / ([A-Z]) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))![1]!;
      while (state() !== "Z") await delay(5);
      expect(isAlive(pid)).toBe(false);
      expect(lives(markOf(pid))).toBe(false);
    } finally {
      parent.kill("SIGKILL");
    }
  },
);
