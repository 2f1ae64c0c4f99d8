import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeEach, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { installSpec, uninstallSpec, userDataFolder } from "../../src/kernel/kernelspec.ts";

const root = mkdtempSync(join(tmpdir(), "rzenlab-spec-"));
let folder: string;
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
});
afterAll(() => rmSync(root, { recursive: true }));

/** Runs the command line and gives back what it printed. */
async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const printed = { out: "", err: "" };
  const { stdout, stderr } = process;
  const catching = (key: "out" | "err") => ({
    write: (text: string) => ((printed[key] += text), true),
  });
  Object.defineProperty(process, "stdout", { value: catching("out"), configurable: true });
  Object.defineProperty(process, "stderr", { value: catching("err"), configurable: true });
  try {
    return { code: await main(argv), ...printed };
  } finally {
    Object.defineProperty(process, "stdout", { value: stdout, configurable: true });
    Object.defineProperty(process, "stderr", { value: stderr, configurable: true });
  }
}

test("install writes a spec of absolute paths that exist, and logos; uninstall removes it", async () => {
  const { code, out } = await run("kernel", "install", "--jupyter-path", folder);
  expect(code).toBe(0);
  expect(out).toContain(`JUPYTER_PATH=${folder}`);
  const spec = join(folder, "kernels", "rzenlab");
  const { argv, interrupt_mode, language, display_name } = JSON.parse(
    readFileSync(join(spec, "kernel.json"), "utf8"),
  ) as { argv: string[]; interrupt_mode: string; language: string; display_name: string };
  expect(argv.at(-1)).toBe("{connection_file}");
  for (const path of [argv[0]!, argv.at(-2)!])
    expect([isAbsolute(path), existsSync(path)]).toEqual([true, true]);
  expect({ interrupt_mode, language, display_name }).toEqual({
    interrupt_mode: "message",
    language: "typescript",
    display_name: "TypeScript (RzenLab)",
  });
  for (const size of [32, 64]) {
    const { format, width, height } = await sharp(
      join(spec, `logo-${size}x${size}.png`),
    ).metadata();
    expect({ format, width, height }).toEqual({ format: "png", width: size, height: size });
  }
  expect((await run("kernel", "uninstall", "--jupyter-path", folder)).out).toContain("removed");
  expect(existsSync(spec)).toBe(false);
  expect((await run("kernel", "uninstall", "--jupyter-path", folder)).out).toContain(
    "no kernelspec",
  );
});

test("--prefix and --sys-prefix write below share/jupyter", async () => {
  await run("kernel", "install", "--prefix", folder);
  expect(existsSync(join(folder, "share", "jupyter", "kernels", "rzenlab", "kernel.json"))).toBe(
    true,
  );
  const python = join(root, "python");
  writeFileSync(python, `#!/bin/sh\necho ${join(folder, "venv")}\n`, { mode: 0o755 });
  await run("kernel", "install", "--sys-prefix", "--python", python);
  expect(existsSync(join(folder, "venv", "share", "jupyter", "kernels", "rzenlab"))).toBe(true);
});

test("says which options exclude each other, and which Python does not run", async () => {
  const both = await run("kernel", "install", "--user", "--prefix", folder);
  expect(both).toMatchObject({
    code: 2,
    err: expect.stringContaining("exclude each other") as string,
  });
  const python = await run("kernel", "install", "--sys-prefix", "--python", "/nowhere/python");
  expect(python.err).toContain(`expected a Python that runs, got "/nowhere/python"`);
});

test("names the folder it can't write", async () => {
  writeFileSync(folder, "a file");
  await expect(installSpec(folder, async () => new Uint8Array())).rejects.toThrow(
    `can't write ${folder}`,
  );
  expect(uninstallSpec(join(root, "nothing"))).toBe(false);
});

test("finds the user's folder where jupyter_core does", () => {
  expect(userDataFolder({}, "linux", "/home/a")).toBe("/home/a/.local/share/jupyter");
  expect(userDataFolder({ XDG_DATA_HOME: "/x" }, "linux", "/home/a")).toBe("/x/jupyter");
  expect(userDataFolder({}, "darwin", "/Users/a")).toBe("/Users/a/Library/Jupyter");
  expect(userDataFolder({ JUPYTER_DATA_DIR: "/j" }, "darwin", "/Users/a")).toBe("/j");
  expect(userDataFolder({ APPDATA: "/r" }, "win32", "/u")).toBe(join("/r", "jupyter"));
});
