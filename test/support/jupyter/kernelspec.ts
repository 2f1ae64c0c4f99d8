/** @file Our kernel where Jupyter's own programs find it: a data folder for JUPYTER_PATH, made by our command. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** Installs our kernelspec below `folder`; the environment to start Jupyter programs in. */
export function jupyterEnvironment(folder: string): NodeJS.ProcessEnv {
  const data = join(folder, "jupyter");
  const command = join(root, "bin/rzenlab.js");
  execFileSync(process.execPath, [command, "kernel", "install", "--jupyter-path", data]);
  return {
    ...process.env,
    JUPYTER_PATH: data,
    // Nothing of the person who runs the tests is read or written.
    JUPYTER_CONFIG_DIR: join(folder, "config"),
    JUPYTER_DATA_DIR: join(folder, "data"),
    JUPYTER_RUNTIME_DIR: join(folder, "runtime"),
    IPYTHONDIR: join(folder, "ipython"),
  };
}

type CellSource = { readonly markdown: string } | { readonly code: string };

/** A notebook file's text for our kernel. */
export function notebook(cells: readonly CellSource[]): string {
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: "rzenlab", display_name: "TypeScript (RzenLab)", language: "typescript" },
      language_info: { name: "typescript", file_extension: ".ts" },
    },
    cells: cells.map((cell, i) =>
      "markdown" in cell
        ? { id: `cell-${i}`, cell_type: "markdown", metadata: {}, source: cell.markdown }
        : {
            id: `cell-${i}`,
            cell_type: "code",
            metadata: {},
            source: cell.code,
            execution_count: null,
            outputs: [],
          },
    ),
  });
}
