/** @file `rzenlab doctor`: what is usable here and how to get the rest. */
import { spawnSync } from "node:child_process";
import { existsSync, statfsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, freemem, totalmem } from "node:os";
import { openvinoFile } from "../../engine/index.ts";
import { findFfmpeg } from "../../data/media/ffmpeg.ts";
import type { GlobalOptions } from "../main.ts";
import { columns, printResult } from "../output.ts";

/** One line of the diagnosis. `remedy` says what to do when it is not `ok`. */
export type Finding = {
  readonly name: string;
  readonly ok: boolean;
  readonly required: boolean;
  readonly detail: string;
  readonly remedy?: string;
};

const require = createRequire(import.meta.url);

/** Checks everything and prints it. Throws if a required part is missing. */
export function doctor(options: GlobalOptions): void {
  const findings = [
    node(),
    ...executors(),
    library("better-sqlite3", "the run store", () => {
      const Database = require("better-sqlite3") as new (file: string) => {
        prepare(sql: string): { pluck(): { get(): string } };
        close(): void;
      };
      const db = new Database(":memory:");
      const sqlite = db.prepare("select sqlite_version()").pluck().get();
      db.close();
      return `SQLite ${sqlite}`;
    }),
    library("sharp", "images", () => {
      const sharp = require("sharp") as { versions: { vips: string } };
      return `libvips ${sharp.versions.vips}`;
    }),
    library("pdfjs-dist", "PDF pages", () => versionOf("pdfjs-dist")),
    ffmpeg(),
    fonts(),
    jupyter(),
    memory(),
  ];
  const rows = findings.map((f) => [f.ok ? "ok" : f.required ? "MISSING" : "-", f.name, f.detail]);
  const remedies = findings.flatMap((f) => (f.ok || !f.remedy ? [] : [`  ${f.name}: ${f.remedy}`]));
  const text =
    columns(rows) + (remedies.length ? `\n\nTo get the rest:\n${remedies.join("\n")}` : "");
  printResult(options.json, { findings }, text);
  const missing = findings.filter((f) => f.required && !f.ok).map((f) => f.name);
  if (missing.length > 0)
    throw new Error(`doctor: required parts are missing: ${missing.join(", ")}`);
}

function versionOf(name: string): string {
  return (require(`${name}/package.json`) as { version: string }).version;
}

function node(): Finding {
  const ok = Number(process.versions.node.split(".")[0]) >= 24;
  return {
    name: "node",
    ok,
    required: true,
    detail: `${process.version} on ${process.platform}-${process.arch}, ${availableParallelism()} cores`,
    remedy: "npm install -D node@24",
  };
}

function executors(): Finding[] {
  const found: Finding[] = [
    { name: "executor reference", ok: true, required: true, detail: "plain TypeScript, f64" },
  ];
  try {
    const ort = require("onnxruntime-node") as {
      listSupportedBackends(): { name: string; bundled: boolean }[];
    };
    const version = versionOf("onnxruntime-node");
    for (const backend of ort.listSupportedBackends()) {
      if (backend.name === "tensorrt") continue;
      const cpu = backend.name === "cpu";
      found.push({
        name: `onnxruntime ${backend.name}`,
        ok: cpu,
        required: cpu,
        detail: cpu
          ? `onnxruntime-node ${version}`
          : `provider ${backend.bundled ? "bundled, its driver not tried" : "not installed"}; not proved on a GPU`,
        ...(backend.name === "cuda"
          ? {
              remedy: "npm run setup:cuda fetches the CUDA 12 provider (Linux x64, network needed)",
            }
          : {}),
      });
    }
  } catch (error) {
    found.push({
      name: "onnxruntime cpu",
      ok: false,
      required: true,
      detail: (error as Error).message,
      remedy: "npm ci in the project folder",
    });
  }
  return [
    ...found,
    openvino(),
    optional("wasm", ["onnxruntime-web"]),
    optional("tfjs", TFJS_PACKAGES),
  ];
}

function openvino(): Finding {
  const name = "executor openvino";
  try {
    return { name, ok: true, required: false, detail: openvinoFile() };
  } catch (error) {
    const remedy = "npm run setup:openvino fetches it by pip (Linux, macOS, Windows)";
    return { name, ok: false, required: false, detail: (error as Error).message, remedy };
  }
}

const TFJS_PACKAGES = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm"];

/** An executor whose packages are the user's to install. */
function optional(name: string, packages: readonly string[]): Finding {
  const missing = packages.filter((one) => {
    try {
      require.resolve(one);
      return false;
    } catch {
      return true;
    }
  });
  const detail = missing.length > 0 ? `not installed: ${missing.join(", ")}` : packages.join(", ");
  const ok = missing.length === 0;
  const remedy = `npm install ${packages.join(" ")}`;
  return { name: `executor ${name}`, ok, required: false, detail, remedy };
}

function library(name: string, use: string, probe: () => string): Finding {
  try {
    return { name, ok: true, required: true, detail: `${use}: ${probe()}` };
  } catch (error) {
    return {
      name,
      ok: false,
      required: true,
      detail: `${use}: ${(error as Error).message}`,
      remedy: "npm ci in the project folder",
    };
  }
}

/** First line of `command --version`-like output, or undefined if it can't be run. */
function firstLine(command: string, args: readonly string[]): string | undefined {
  const run = spawnSync(command, args, { encoding: "utf8", timeout: 10_000 });
  return run.status === 0 ? run.stdout.split("\n")[0]!.trim() : undefined;
}

function ffmpeg(): Finding {
  const use = "needed for video files; the embedded benchmark does without";
  try {
    const { path } = findFfmpeg();
    const line = firstLine(path, ["-version"]);
    const ok = line !== undefined;
    return {
      name: "ffmpeg",
      ok,
      required: false,
      detail: `${path}: ${line ?? `can't be run (${use})`}`,
    };
  } catch (error) {
    return {
      name: "ffmpeg",
      ok: false,
      required: false,
      detail: `${(error as Error).message} (${use})`,
    };
  }
}

function fonts(): Finding {
  try {
    const file = require.resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf");
    return { name: "fonts", ok: existsSync(file), required: true, detail: "DejaVu (npm)" };
  } catch (error) {
    return { name: "fonts", ok: false, required: true, detail: (error as Error).message };
  }
}

function jupyter(): Finding {
  const line = firstLine("jupyter", ["--version"]);
  return {
    name: "jupyter",
    ok: line !== undefined,
    required: false,
    detail: line ?? "not found (needed for notebooks only)",
    remedy: "pip install jupyterlab",
  };
}

function memory(): Finding {
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  const disk = statfsSync(".");
  const free = disk.bavail * disk.bsize;
  return {
    name: "resources",
    ok: totalmem() > 4 * 2 ** 30 && free > 2 * 2 ** 30,
    required: false,
    detail: `${gib(freemem())} of ${gib(totalmem())} GiB memory free, ${gib(free)} GiB disk free`,
    remedy: "the quick ablations need 4 GiB of memory and 2 GiB of disk",
  };
}
