/** @file The kernels that are compared: how to start each and what its cells are written in. */
import { join } from "node:path";
import { kernelSpec } from "../../../src/kernel/kernelspec.ts";
import type { KernelSpec } from "./client.ts";
import { jupyterPython, npmPeers } from "./environment.ts";

export type KernelName = "rzenlab" | "ipykernel" | "tslab" | "deno";

export type Peer = {
  readonly name: KernelName;
  readonly language: "typescript" | "python";
  readonly spec: KernelSpec;
};

/** Our kernel from this checkout, as its kernelspec starts it. */
export const OURS: Peer = {
  name: "rzenlab",
  language: "typescript",
  spec: kernelSpec(),
};

/** The peers as their own installers' kernelspecs start them. @throws what the installation of one said */
export function peer(name: Exclude<KernelName, "rzenlab">): Peer {
  switch (name) {
    case "ipykernel": {
      const argv = [jupyterPython(), "-m", "ipykernel_launcher", "-f", "{connection_file}"];
      return { name, language: "python", spec: { argv, interrupt_mode: "signal" } };
    }
    case "deno": {
      const argv = [
        join(npmPeers(), "node_modules/.bin/deno"),
        "jupyter",
        "--kernel",
        "--conn",
        "{connection_file}",
      ];
      const env = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
      return { name, language: "typescript", spec: { argv, env, interrupt_mode: "signal" } };
    }
    case "tslab": {
      const main = join(npmPeers(), "node_modules/tslab/bin/tslab");
      const argv = [process.execPath, main, "kernel", "--config-path={connection_file}"];
      return { name, language: "typescript", spec: { argv, interrupt_mode: "signal" } };
    }
  }
}
