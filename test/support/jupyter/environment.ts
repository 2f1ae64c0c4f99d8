/**
 * @file The Jupyter world beside our kernel: JupyterLab, ipykernel, Deno and tslab, made once under .cache/jupyter from
 * PyPI and npm. Nothing global is touched.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const PYTHON_PACKAGES = [
  "ipykernel==7.4.0",
  "jupyterlab==4.6.6",
  "jupyter_kernel_test==0.7.0",
  "nbclient==0.11.0",
  "nbconvert==7.17.2",
];
const NODE_PACKAGES = { deno: "2.9.6", tslab: "1.0.22" };

const home = join(import.meta.dirname, "../../../.cache/jupyter");

/** Builds `folder` by `make` in a place beside it, so that a broken attempt is never taken for a whole one. */
function once(folder: string, make: (partial: string) => void): string {
  const ready = join(home, folder);
  if (existsSync(ready)) return ready;
  const partial = `${ready}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(dirname(partial), { recursive: true });
  make(partial);
  renameSync(partial, ready);
  return ready;
}

/** Path of a Python that has JupyterLab, ipykernel, nbclient, nbconvert and jupyter_kernel_test. */
export function jupyterPython(): string {
  const venv = once("venv", (partial) => {
    execFileSync("python3", ["-m", "venv", partial]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    execFileSync(join(partial, "bin/python"), [...pip, ...PYTHON_PACKAGES]);
  });
  return join(venv, "bin/python");
}

/**
 * Folder whose node_modules holds Deno and tslab, each with its dependencies below it as a global installation has them:
 * tslab finds the types of Node only in its own node_modules (or the notebook's), and refuses `console` without them.
 */
export function npmPeers(): string {
  return once("npm-nested", (partial) => {
    mkdirSync(partial, { recursive: true });
    const manifest = { private: true, dependencies: NODE_PACKAGES };
    writeFileSync(join(partial, "package.json"), JSON.stringify(manifest));
    const flags = ["--install-strategy=nested", "--no-audit", "--no-fund", "--silent"];
    execFileSync("npm", ["install", ...flags], { cwd: partial });
  });
}
