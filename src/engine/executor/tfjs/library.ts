/** @file TensorFlow.js and the part of it that computes: whichever the user has installed. */
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import type * as core from "@tensorflow/tfjs-core";
import type * as wasm from "@tensorflow/tfjs-backend-wasm";
import type { TfjsBackendName } from "../types.ts";
import { TFJS_BACKENDS } from "../types.ts";

export type Tf = typeof core;
type Wasm = typeof wasm;

export type TfjsLibrary = { readonly tf: Tf; readonly detail: string };

/** Package, and its backend's name. */
const BACKENDS: Readonly<Record<TfjsBackendName, readonly [string, string]>> = {
  "node-gpu": ["@tensorflow/tfjs-node-gpu", "tensorflow"],
  node: ["@tensorflow/tfjs-node", "tensorflow"],
  wasm: ["@tensorflow/tfjs-backend-wasm", "wasm"],
  cpu: ["@tensorflow/tfjs-backend-cpu", "cpu"],
};

const require = createRequire(import.meta.url);

/** @throws Error naming the packages, if none of them can be had. */
export async function openTfjs(name: TfjsBackendName | null): Promise<TfjsLibrary> {
  if (name !== null) return load(name);
  const reasons: string[] = [];
  for (const each of TFJS_BACKENDS) {
    try {
      return await load(each);
    } catch (error) {
      reasons.push(`${each}: ${(error as Error).message.split("\n")[0]}`);
    }
  }
  throw new Error(`no backend of TensorFlow.js starts (${reasons.join("; ")})`);
}

async function load(name: TfjsBackendName): Promise<TfjsLibrary> {
  const [module, backend] = BACKENDS[name];
  if (backend === "tensorflow") restoreIsNullOrUndefined();
  // Not bundled and not required, so the name is no literal that a compiler would look up.
  const loaded = (await import(module)) as Tf & Partial<Wasm>;
  const tf = backend === "tensorflow" ? loaded : await import("@tensorflow/tfjs-core");
  loaded.setWasmPaths?.(`${dirname(require.resolve(module))}${sep}`);
  tf.enableProdMode(); // no advertisements on stderr
  await tf.setBackend(backend);
  // When a backend fails, TensorFlow.js quietly goes on with another.
  if (tf.getBackend() !== backend) throw new Error(`${module} does not start`);
  return { tf, detail: `${module} ${tf.version_core}` };
}

/** TensorFlow.js 4.22 for Node calls what Node 23 took away; fixed in its sources, not released. */
function restoreIsNullOrUndefined(): void {
  const util = require("node:util") as { isNullOrUndefined?: (x: unknown) => boolean };
  util.isNullOrUndefined ??= (x) => x === null || x === undefined;
}
