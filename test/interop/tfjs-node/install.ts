/**
 * @file tfjs-node without its installer: the addon that its package ships as source, compiled against the
 * TensorFlow of a PyPI wheel. Wants npm, pip, g++ and unzip; the result is some 600 MB under .cache/interop.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

const TFJS = "4.22.0";
const TENSORFLOW = "2.13.1";
const READY = join(import.meta.dirname, "../../../.cache/interop/tfjs-node");

/** A folder whose node_modules has @tensorflow/tfjs-node; made at the first call. */
export function installedTfjsNode(): string {
  if (existsSync(READY)) return READY;
  const folder = `${READY}.partial`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const run = (command: string, ...args: string[]): void =>
    void execFileSync(command, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });

  // --- the package without its installer, and the headers of Node's addons ---
  const packages = [`@tensorflow/tfjs-node@${TFJS}`, "node-api-headers@1.5.0"];
  run("npm", "install", "--prefix", folder, "--ignore-scripts", "--silent", ...packages);

  // --- TensorFlow: headers and libraries of a wheel that asks for no Python ---
  const platform = ["--platform", "manylinux2014_x86_64", "--python-version", "3.11"];
  const wheel = `tensorflow-cpu==${TENSORFLOW}`;
  run(
    "python3",
    "-m",
    "pip",
    "download",
    "-q",
    "--no-deps",
    "--only-binary=:all:",
    ...platform,
    wheel,
  );
  const file = readdirSync(folder).find((name) => name.endsWith(".whl"))!;
  run("unzip", "-q", file, "tensorflow/include/*", "tensorflow/libtensorflow_*");
  rmSync(join(folder, file));
  const home = join(folder, "node_modules/@tensorflow/tfjs-node");
  const library = join(home, "deps/lib");
  mkdirSync(library, { recursive: true });
  for (const [part, link] of [
    ["libtensorflow_cc.so.2", "libtensorflow.so"],
    ["libtensorflow_framework.so.2", "libtensorflow_framework.so"],
  ] as const) {
    renameSync(join(folder, "tensorflow", part), join(library, part));
    symlinkSync(part, join(library, link));
  }

  // --- the addon ---
  mkdirSync(join(home, "lib/napi-v8"), { recursive: true });
  const headers = [join(folder, "node_modules/node-api-headers/include"), "tensorflow/include"];
  const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => join(home, "binding", name));
  const output = ["-o", join(home, "lib/napi-v8/tfjs_binding.node")];
  const links = [`-L${library}`, "-ltensorflow", "-ltensorflow_framework"];
  const flags = ["-std=c++17", "-O2", "-fPIC", "-shared", "-DNAPI_VERSION=8"];
  const path = "-Wl,-rpath,$ORIGIN/../../deps/lib";
  const includes = [...headers, join(home, "..")].map((one) => `-I${one}`);
  run("g++", ...flags, ...includes, ...sources, ...output, ...links, path);
  rmSync(join(folder, "tensorflow"), { recursive: true });

  renameSync(folder, READY);
  return READY;
}
