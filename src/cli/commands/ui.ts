/** @file `rzenlab ui`: the tracking server with its pages, opened in the browser. */
import { spawn } from "node:child_process";
import type { GlobalOptions } from "../main.ts";
import { uiPages } from "../pages.ts";
import { server, storeFolder } from "./server.ts";

export type UiOptions = GlobalOptions & {
  readonly port: string;
  readonly store?: string;
  readonly open: boolean;
};

export async function ui(options: UiOptions): Promise<void> {
  await showPages({ ...options, path: "/ui" });
}

/** Serves on the loopback address until Ctrl-C and opens the page at `path`. */
export async function showPages(options: UiOptions & { readonly path: string }): Promise<void> {
  const local = { ...options, host: "127.0.0.1" };
  await server(local, await uiPages(options.home, storeFolder(options)), (address) => {
    process.stderr.write(`Open ${address}${options.path} (Ctrl-C ends)\n`);
    if (options.open) openBrowser(`${address}${options.path}`);
  });
}

/** Without a desktop there is no browser to open; the address was printed. */
function openBrowser(address: string): void {
  const command = { darwin: "open", win32: "explorer" }[process.platform as string] ?? "xdg-open";
  const child = spawn(command, [address], { stdio: "ignore", detached: true });
  child.once("error", () => {});
  child.unref();
}
