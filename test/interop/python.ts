/** @file A Python environment with the real counterparts, made once under .cache/interop. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const PACKAGES = [
  "onnxruntime==1.32.0",
  "numpy==2.4.6",
  "safetensors==0.8.0",
  "tokenizers==0.23.3",
];

const home = join(import.meta.dirname, "../../.cache/interop");

/**
 * Python of an environment of its own, made at the first call.
 *
 * @param steps arguments of `pip install`, one installation after the other
 */
export function environment(name: string, steps: readonly (readonly string[])[]): string {
  const ready = join(home, name);
  if (!existsSync(ready)) {
    const partial = `${ready}.partial`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(home, { recursive: true });
    execFileSync("python3", ["-m", "venv", partial]);
    for (const step of steps) {
      execFileSync(join(partial, "bin/python"), ["-m", "pip", "install", "--quiet", ...step]);
    }
    renameSync(partial, ready);
  }
  return join(ready, "bin/python");
}

/** Path of a Python that has `PACKAGES`; builds the environment on the first call. */
export function python(): string {
  return environment("venv", [PACKAGES]);
}

/** Runs a script and parses what it prints as JSON. */
export function runPython(script: string, ...args: string[]): unknown {
  return JSON.parse(execFileSync(python(), ["-c", script, ...args], { encoding: "utf8" }));
}

/** Runs a script's file and parses what it prints as JSON. */
export function runFile(interpreter: string, file: string, ...args: string[]): unknown {
  const env = { ...process.env, HF_HUB_OFFLINE: "1", HF_HUB_DISABLE_PROGRESS_BARS: "1" };
  return JSON.parse(execFileSync(interpreter, [file, ...args], { encoding: "utf8", env }));
}
