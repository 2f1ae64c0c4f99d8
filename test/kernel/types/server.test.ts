import { expect, test, vi } from "vitest";
import { withinPatience } from "../../../src/kernel/types/patience.ts";
import { LanguageServer } from "../../../src/kernel/types/server.ts";

test("a program that is no language server is left alone after three tries", async () => {
  // Ends at once, whatever it is asked.
  const server = new LanguageServer("true", import.meta.dirname);
  await vi.waitFor(
    () =>
      expect(server.ask([], "shutdown", {})).rejects.toThrow(
        "types: the language server ended 3 times without an answer",
      ),
    30_000,
  );
});

test("a closed server is not started again", async () => {
  const server = new LanguageServer("true", import.meta.dirname);
  server.close();
  await expect(server.ask([], "shutdown", {})).rejects.toThrow(
    "types: the language server was closed",
  );
});

test("an answer that does not come is not waited for", async () => {
  await expect(withinPatience(new Promise(() => undefined), 5)).rejects.toThrow(
    "types: the language server did not answer within 5 ms",
  );
  expect(await withinPatience(Promise.resolve("in time"))).toBe("in time");
});
