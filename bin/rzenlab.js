#!/usr/bin/env node
// Plain JavaScript that any Node runs: finds the Node this package needs, then starts the command line.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import nodeModule, { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const REQUIRED_MAJOR = 24;
const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Node refuses to strip types below node_modules, so an installed package runs its built files. */
function entryPoint() {
  const source = join(root, "src", "cli", "main.ts");
  const installed = root.split(/[\\/]/).includes("node_modules");
  return !installed && existsSync(source) ? source : join(root, "dist", "cli", "main.js");
}

/** The `node` package's binary, if it is installed beside us. */
function bundledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve("node/package.json");
    const binary = join(
      dirname(manifest),
      "bin",
      process.platform === "win32" ? "node.exe" : "node",
    );
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

if (Number(process.versions.node.split(".")[0]) >= REQUIRED_MAJOR) {
  // Compiled code is kept between starts, in a folder of this user's only: it starts in half the time.
  nodeModule.enableCompileCache(
    process.env.NODE_COMPILE_CACHE ?? join(homedir(), ".cache", "rzenlab", "code"),
  );
  const { main } = await import(pathToFileURL(entryPoint()).href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  const node = bundledNode();
  if (node === undefined) {
    process.stderr.write(
      `rzenlab needs Node ${REQUIRED_MAJOR} or newer and was started by ${process.version}. ` +
        `Install it beside the package with "npm install -D node@${REQUIRED_MAJOR}", or from https://nodejs.org.\n`,
    );
    process.exitCode = 1;
  } else {
    const child = spawnSync(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
      stdio: "inherit",
    });
    if (child.error) throw child.error;
    process.exitCode = child.status ?? 1;
  }
}
