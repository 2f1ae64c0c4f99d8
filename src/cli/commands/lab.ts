/** @file `rzenlab lab`, `npm run lab`: JupyterLab with our kernel, in an environment of its own in the project folder. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SPEC_NAME } from "../../kernel/kernelspec.ts";
import { UsageError } from "../usage.ts";
import { install } from "./kernel.ts";

/** What goes into the environment; changing a line makes it anew. */
export const LAB_PACKAGES = ["jupyterlab>=4.4,<5", "ipywidgets>=8.1,<9"];

const OLDEST_PYTHON = [3, 10] as const;

export type LabOptions = {
  /** The project: gets `.rzenlab/lab`; opened at its `notebooks/` if it has them. */
  readonly project: string;
  /** For `jupyter lab`, as `--no-browser`. */
  readonly args?: readonly string[];
  /** Says what takes long. */
  readonly say?: (text: string) => void;
};

type Tool = { readonly uv: boolean; readonly command: readonly string[] };

/** Makes the environment if there is none, and tells it of the kernel. Returns the folder. */
export async function prepareLab({ project, say = () => undefined }: LabOptions): Promise<string> {
  const folder = join(resolve(project), ".rzenlab", "lab");
  const stamp = join(folder, "rzenlab-packages.txt");
  const wanted = `${LAB_PACKAGES.join("\n")}\n`;
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
    const tool = findPython();
    say(`making ${folder} with ${tool.command.join(" ")} (once, about a minute)`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const venv = tool.uv ? ["venv", "--allow-existing", folder] : ["-m", "venv", folder];
    execute([...tool.command, ...venv]);
    const python = inLab(folder, "python");
    const pip = tool.uv
      ? [...tool.command, "pip", "install", "--python", python]
      : [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    execute([...pip, ...LAB_PACKAGES]);
    // Last and at once: an environment without it is not finished.
    writeFileSync(`${stamp}.new`, wanted);
    renameSync(`${stamp}.new`, stamp);
  }
  // Each time: this Node, or this project, may have moved.
  await install({ prefix: folder, python: inLab(folder, "python"), json: true });
  return folder;
}

/** Starts JupyterLab on `notebooks/`. Resolves with its exit code. */
export async function lab(options: LabOptions): Promise<number> {
  const project = resolve(options.project);
  const folder = await prepareLab(options);
  const args = [
    `--ServerApp.root_dir=${project}`,
    ...(existsSync(join(project, "notebooks")) ? ["--LabApp.default_url=/lab/tree/notebooks"] : []),
    `--MultiKernelManager.default_kernel_name=${SPEC_NAME}`,
    ...(options.args ?? []),
  ];
  const child = spawn(inLab(folder, "jupyter-lab"), args, { cwd: project, stdio: "inherit" });
  // Ctrl-C reaches both; JupyterLab asks whether it is meant.
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  const stop = (): void => void child.kill("SIGTERM");
  process.on("SIGTERM", stop);
  try {
    return await new Promise<number>((done, fail) => {
      child.once("error", fail);
      child.once("exit", (code, signal) => done(code ?? (signal === "SIGTERM" ? 0 : 1)));
    });
  } finally {
    process.off("SIGINT", ignore);
    process.off("SIGTERM", stop);
  }
}

function inLab(folder: string, program: string): string {
  return process.platform === "win32"
    ? join(folder, "Scripts", `${program}.exe`)
    : join(folder, "bin", program);
}

/** uv, which brings its own Python where there is none, or a Python that is new enough. */
export function findPython(path: string | undefined = process.env["PATH"]): Tool {
  const env = { ...process.env, PATH: path };
  const answer = (command: readonly string[]): string | undefined => {
    const [program, ...args] = command;
    const run = spawnSync(program!, args, { encoding: "utf8", env });
    return run.status === 0 ? run.stdout.trim() : undefined;
  };
  if (answer(["uv", "--version"]) !== undefined) return { uv: true, command: ["uv"] };
  const seen: string[] = [];
  for (const command of [["python3"], ["python"], ["py", "-3"]]) {
    const version = answer([...command, "-c", "import sys; print(*sys.version_info[:2])"]);
    if (version === undefined) continue;
    const [major = 0, minor = 0] = version.split(" ").map(Number);
    if (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]) return { uv: false, command };
    seen.push(`${command.join(" ")} is ${major}.${minor}`);
  }
  throw new UsageError(
    `lab: JupyterLab needs Python ${OLDEST_PYTHON.join(".")} or newer${seen.length > 0 ? `, ${seen.join(", ")}` : ", none was found"}. ` +
      "Install uv (https://docs.astral.sh/uv/) or Python (https://www.python.org/downloads/; Debian: apt install python3-venv), then run this again",
  );
}

function execute(command: readonly string[]): void {
  const [program, ...args] = command;
  const run = spawnSync(program!, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  if (run.status === 0) return;
  const reason =
    run.error?.message ?? `${run.stderr}${run.stdout}`.trim().split("\n").slice(-8).join("\n");
  const text = `lab: \`${command.join(" ")}\` failed:\n${reason}`;
  const hint = /ensurepip/.test(reason) ? "\nDebian keeps it apart: apt install python3-venv" : "";
  throw new Error(text + hint);
}
