/** @file History in the protocol: cells are kept as they end, `history_request` finds them. */
import type { Handlers, KernelContext } from "../context.ts";
import { historyFile } from "./place.ts";
import { historyRequest } from "./request.ts";
import type { HistoryStore } from "./store.ts";

/** `file`: where history is kept. A kernel whose history can't be kept says so once and works on. */
export function history(
  kernel: Pick<KernelContext, "cwd" | "events">,
  file = historyFile(),
): Handlers {
  const session = { folder: kernel.cwd, now: Date.now() };
  let opened: Promise<HistoryStore> | undefined;
  // Not at once: a kernel is ready before it has loaded SQLite.
  const store = (): Promise<HistoryStore> => (opened ??= open(file, session));

  kernel.events.on("executed", ({ cell, storeHistory, result }) => {
    if (!storeHistory) return;
    void store()
      .then((open) => open.add(cell.count, cell.text, result))
      .catch((error: Error) => warn(`history lost cell ${cell.count}: ${error.message}`));
  });
  kernel.events.on("shutdown", () => void opened?.then((open) => open.close()));

  return {
    history_request: {
      whileBusy: true,
      handle: async (_context, { content }) => {
        const request = historyRequest(content);
        const rows = (await store()).find(request);
        return {
          history: rows.map(({ session, line, source, result }) => [
            session,
            line,
            request.output ? [source, result] : source,
          ]),
        };
      },
    },
  };
}

async function open(
  file: string,
  session: { readonly folder: string; readonly now: number },
): Promise<HistoryStore> {
  const { HistoryStore } = await import("./store.ts");
  try {
    return new HistoryStore(file, session);
  } catch (error) {
    warn(`history is not kept: ${(error as Error).message}`);
    return new HistoryStore(":memory:", session);
  }
}

function warn(text: string): void {
  process.stderr.write(`kernel: ${text}\n`);
}
