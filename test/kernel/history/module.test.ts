import { EventEmitter } from "node:events";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { KernelContext, KernelEvents } from "../../../src/kernel/context.ts";
import { history } from "../../../src/kernel/history/module.ts";

function start(file: string) {
  const events = new EventEmitter<KernelEvents>();
  const { history_request: handler } = history({ cwd: "/nb", events }, file);
  const ask = async (content: Record<string, unknown>) => {
    const reply = await handler!.handle(undefined as unknown as KernelContext, {
      channel: "shell",
      message: undefined as never,
      content,
    });
    return reply!["history"];
  };
  return { events, ask };
}

test("stored cells are found with their results, unstored ones are not", async () => {
  const { events, ask } = start(":memory:");
  const cell = (count: number, text: string) => ({ cell: { count, text }, silent: false });
  events.emit("executed", { ...cell(1, "1 + 1"), storeHistory: true, result: "2" });
  events.emit("executed", { ...cell(2, "secret"), storeHistory: false });
  events.emit("executed", { ...cell(2, "let x"), storeHistory: true });
  expect(await ask({ hist_access_type: "tail", n: 9, output: true })).toEqual([
    [1, 1, ["1 + 1", "2"]],
    [1, 2, ["let x", null]],
  ]);
  expect(await ask({ hist_access_type: "range", session: 0, output: false })).toEqual([
    [1, 1, "1 + 1"],
    [1, 2, "let x"],
  ]);
  events.emit("shutdown");
});

test("a kernel whose history can't be kept says so and works on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-history-"));
  mkdirSync(join(folder, "h.db"));
  const print = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const { events, ask } = start(join(folder, "h.db"));
  events.emit("executed", { cell: { count: 1, text: "a" }, storeHistory: true, silent: false });
  expect(await ask({ hist_access_type: "tail", n: 1, output: false })).toEqual([[1, 1, "a"]]);
  expect(print.mock.calls.join("")).toContain("kernel: history is not kept:");
  print.mockRestore();
});
