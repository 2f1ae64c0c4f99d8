/** @file `jupyter.diagnostics` in cells: what is done about type errors. */
import type { KernelHost } from "../user/host.ts";
import type { DiagnosticsMode } from "./module.ts";

const MODES: readonly DiagnosticsMode[] = ["off", "warn", "strict"];

export function typesInCells(host: KernelHost): void {
  const fromEnvironment = process.env["RZENLAB_DIAGNOSTICS"] as DiagnosticsMode;
  let mode: DiagnosticsMode = MODES.includes(fromEnvironment) ? fromEnvironment : "warn";
  Object.defineProperty(host, "diagnostics", {
    enumerable: true,
    get: () => mode,
    set: (value: DiagnosticsMode) => {
      if (!MODES.includes(value)) {
        throw new TypeError(
          `jupyter.diagnostics must be "off", "warn" or "strict", got ${JSON.stringify(value)}`,
        );
      }
      mode = value;
      host.send("types", { mode });
    },
  });
}
