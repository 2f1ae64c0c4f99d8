/** @file The kernelspec: what tells Jupyter how to start this kernel, and where Jupyter looks for it. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LOGO_SVG } from "./logo.ts";

/**
 * Megabytes of V8's young generation, once per half. By default it grows to 128 MB in the kernel process, most of it
 * garbage of cells long done (measured over 2,000 cells), and small collections are as fast.
 */
const SEMI_SPACE_MB = 4;

export const SPEC_NAME = "rzenlab";

export type KernelSpec = {
  readonly argv: readonly string[];
  readonly display_name: string;
  readonly language: "typescript";
  /** A signal would have to be caught by a process that may be busy; a message goes to one that never is. */
  readonly interrupt_mode: "message";
  readonly metadata: Readonly<Record<string, unknown>>;
};

/** @param node the Node that runs the kernel, by its absolute path: Jupyter's PATH is not the shell's */
export function kernelSpec(node: string = process.execPath): KernelSpec {
  const self = import.meta.url;
  const main = new URL(self.endsWith(".ts") ? "./main.ts" : "./main.js", self);
  return {
    argv: [
      node,
      `--max-semi-space-size=${SEMI_SPACE_MB}`,
      fileURLToPath(main),
      "{connection_file}",
    ],
    display_name: "TypeScript (RzenLab)",
    language: "typescript",
    interrupt_mode: "message",
    metadata: { debugger: true },
  };
}

/** How a spec's kernel is started on a connection file: the program, then its arguments. */
export function commandOf(
  { argv }: Pick<KernelSpec, "argv">,
  connectionFile: string,
): [program: string, ...args: string[]] {
  const [program, ...args] = argv.map((each) =>
    each.replaceAll("{connection_file}", connectionFile),
  );
  return [program!, ...args];
}

/** Jupyter's data folder of the user, as jupyter_core finds it. */
export function userDataFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (env["JUPYTER_DATA_DIR"]) return env["JUPYTER_DATA_DIR"];
  if (platform === "darwin") return join(home, "Library", "Jupyter");
  if (platform === "win32")
    return join(env["APPDATA"] ?? join(home, "AppData", "Roaming"), "jupyter");
  return join(env["XDG_DATA_HOME"] ?? join(home, ".local", "share"), "jupyter");
}

/** A PNG of the logo, `size` pixels wide and high. */
export type RenderLogo = (svg: string, size: number) => Promise<Uint8Array>;

/**
 * Writes the kernelspec below a Jupyter data folder (one that has, or gets, a `kernels` folder).
 *
 * @returns the spec's own folder
 */
export async function installSpec(
  dataFolder: string,
  renderLogo: RenderLogo,
  spec: KernelSpec = kernelSpec(),
): Promise<string> {
  const folder = specFolder(dataFolder);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "kernel.json"), `${JSON.stringify(spec, null, 2)}\n`);
    writeFileSync(join(folder, "logo-svg.svg"), LOGO_SVG);
    for (const size of [32, 64]) {
      writeFileSync(join(folder, `logo-${size}x${size}.png`), await renderLogo(LOGO_SVG, size));
    }
  } catch (error) {
    throw new Error(`kernel install: can't write ${folder}`, { cause: error });
  }
  return folder;
}

export const specFolder = (dataFolder: string): string => join(dataFolder, "kernels", SPEC_NAME);

/** Removes the kernelspec; says whether there was one. */
export function uninstallSpec(dataFolder: string): boolean {
  const folder = specFolder(dataFolder);
  const found = existsSync(folder);
  rmSync(folder, { recursive: true, force: true });
  return found;
}
