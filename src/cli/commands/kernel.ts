/** @file `rzenlab kernel install | uninstall | run`: the TypeScript kernel for Jupyter. */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import sharp from "sharp";
import { installSpec, SPEC_NAME, uninstallSpec, userDataFolder } from "../../kernel/kernelspec.ts";
import { printResult } from "../output.ts";
import { UsageError } from "../usage.ts";

export type KernelPlaceOptions = {
  readonly user?: boolean;
  readonly sysPrefix?: boolean;
  readonly prefix?: string;
  readonly jupyterPath?: string;
  readonly python: string;
  readonly json?: boolean;
};

const renderLogo = (svg: string, size: number): Promise<Buffer> =>
  sharp(Buffer.from(svg)).resize(size, size).png().toBuffer();

/** The Jupyter data folder that the options name; the user's without any. */
function dataFolder(options: KernelPlaceOptions): string {
  const { user, sysPrefix, prefix, jupyterPath, python } = options;
  const named = [user, sysPrefix, prefix, jupyterPath].filter(Boolean).length;
  if (named > 1) {
    throw new UsageError(
      "kernel: --user, --sys-prefix, --prefix and --jupyter-path exclude each other",
    );
  }
  if (jupyterPath !== undefined) return resolve(jupyterPath);
  if (prefix !== undefined) return join(resolve(prefix), "share", "jupyter");
  return sysPrefix ? join(sysPrefixOf(python), "share", "jupyter") : userDataFolder();
}

function sysPrefixOf(python: string): string {
  const run = spawnSync(python, ["-c", "import sys; print(sys.prefix)"], { encoding: "utf8" });
  if (run.status !== 0) {
    const reason = run.error?.message ?? run.stderr.trim();
    throw new UsageError(`--python: expected a Python that runs, got "${python}" (${reason})`);
  }
  return run.stdout.trim();
}

/** Writes the kernelspec. */
export async function install(options: KernelPlaceOptions): Promise<void> {
  const data = dataFolder(options);
  const folder = await installSpec(data, renderLogo);
  const hint =
    options.jupyterPath === undefined
      ? `Start JupyterLab and pick "TypeScript (RzenLab)".`
      : `Start Jupyter with JUPYTER_PATH=${data} and pick "TypeScript (RzenLab)".`;
  printResult(options.json, { name: SPEC_NAME, folder }, `installed ${folder}\n${hint}`);
}

/** Removes what `install` with the same options wrote. */
export function uninstall(options: KernelPlaceOptions): void {
  const data = dataFolder(options);
  const removed = uninstallSpec(data);
  const text = removed ? `removed the kernelspec from ${data}` : `no kernelspec of ours in ${data}`;
  printResult(options.json, { name: SPEC_NAME, removed }, text);
}

/** Serves a kernel for a connection file until it is shut down. */
export async function run(connectionFile: string): Promise<void> {
  const { serve } = await import("../../kernel/serve.ts");
  await serve(connectionFile);
}
