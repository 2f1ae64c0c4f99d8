import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findPython } from "../../src/cli/commands/lab.ts";

/** A PATH of one folder that holds these programs. */
function pathOf(programs: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-path-"));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

test.skipIf(process.platform === "win32")(
  "uv is preferred, then a Python that is new enough",
  () => {
    const python3 = "echo 3 12";
    expect(findPython(pathOf({ uv: "echo uv 1", python3 }))).toEqual({ uv: true, command: ["uv"] });
    expect(findPython(pathOf({ python3 }))).toEqual({ uv: false, command: ["python3"] });
    expect(findPython(pathOf({ python3: "echo 3 8", python: "echo 3 11" })).command).toEqual([
      "python",
    ]);
  },
);

test.skipIf(process.platform === "win32")("without Python it says what to install", () => {
  expect(() => findPython(pathOf({}))).toThrow(
    /lab: JupyterLab needs Python 3\.10 or newer, none was found\. Install uv .* or Python/,
  );
  expect(() => findPython(pathOf({ python3: "echo 3 8" }))).toThrow("python3 is 3.8");
});
