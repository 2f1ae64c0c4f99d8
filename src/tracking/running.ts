/** @file Servers of a store, so that others on this machine find their address. */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pid } from "node:process";
import { type ProcessMark, lives, markOf } from "./process.ts";

/** Where servers listen unless told otherwise: MLflow's port for clients, another for the pages. */
export const DEFAULT_PORTS = { server: 5000, ui: 5050 } as const;

type Note = ProcessMark & { readonly address: string };

/** Notes that this process serves the store at an address. Call what comes back when it stops. */
export function announceServer(store: string, address: string): () => void {
  const folder = folderOf(store);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${pid}.json`);
  writeFileSync(file, JSON.stringify({ ...markOf(pid), address } satisfies Note));
  return () => rmSync(file, { force: true });
}

/** Address of a server of this store that runs now. */
export function runningServer(store: string): string | undefined {
  const folder = folderOf(store);
  let files: string[];
  try {
    files = readdirSync(folder);
  } catch {
    return undefined; // never served
  }
  for (const file of files) {
    const path = join(folder, file);
    try {
      const note = JSON.parse(readFileSync(path, "utf8")) as Note;
      if (lives(note)) return note.address;
    } catch {
      continue; // removed, or half written
    }
    rmSync(path, { force: true }); // killed before it could
  }
  return undefined;
}

function folderOf(store: string): string {
  return join(store, "servers");
}
