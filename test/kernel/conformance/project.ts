/** @file The project that a case's notebook lives in: sources above it, packages of every kind beside it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export type Project = {
  readonly root: string;
  /** Where the kernel starts. */
  readonly notebooks: string;
  /** Writes a file of the project. */
  write(path: string, text: string | Uint8Array): void;
  remove(): void;
};

/** A module that adds two numbers: `(module (func (export "add") (param i32 i32) (result i32) ...))`. */
const WASM = Buffer.from(
  "0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b",
  "hex",
);

const TYPESCRIPT_CONFIG = {
  compilerOptions: {
    module: "nodenext",
    target: "esnext",
    strict: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    paths: { "@lib/*": ["./src/*"] },
  },
};

const FILES: Record<string, string | Uint8Array> = {
  "package.json": JSON.stringify({ name: "project", type: "module", private: true }),
  "tsconfig.json": JSON.stringify(TYPESCRIPT_CONFIG),
  "data.json": JSON.stringify({ answer: 42 }),
  "src/lib.ts": `export const value: number = 1;\nexport enum Kind { A = "a" }\nexport class Point { constructor(readonly x: number) {} }\n`,
  "src/importer.ts": `import { value } from "./lib.ts";\nexport const doubled = () => 2 * value;\n`,
  "src/bare.ts": `import { value } from "./lib";\nexport const negative = -value;\n`,
  "src/other.ts": `export const token = {};\nexport const born = process.hrtime.bigint();\n`,
  "src/fails.ts": `type Unused = { a: number };\n\nexport function fail(reason: string): never {\n  const message: string = "failed: " + reason;\n  throw new RangeError(message);\n}\n`,
  "src/loop.ts": `export const state = { count: 0, finished: false };\nexport async function loop(): Promise<void> {\n  try {\n    for (;;) { state.count++; await new Promise((resolve) => setTimeout(resolve, 5)); }\n  } finally { state.finished = true; }\n}\nexport function spin(): void { for (;;) state.count++; }\n`,
  "src/hot.ts": `export const version = 1;\n`,
  "src/uses-hot.ts": `import { version } from "./hot.ts";\nexport const seen = version;\n`,
  "notebooks/beside.ts": `export const beside = "beside";\n`,
  "notebooks/library.py": `value = 1\ndef spin():\n  while True: pass\n`,
  "notebooks/lib_fails.py": `def fail(reason):\n    message = "failed: " + reason\n    raise ValueError(message)\n`,
  "add.wasm": WASM,
  "node_modules/cjs/package.json": JSON.stringify({
    name: "cjs",
    version: "1.0.0",
    main: "main.js",
  }),
  "node_modules/cjs/main.js": `exports.hello = () => "cjs"; exports.where = __dirname;\n`,
  "node_modules/esm/package.json": JSON.stringify({ name: "esm", type: "module", main: "main.js" }),
  "node_modules/esm/main.js": `export default "default"; export const named = "esm";\n`,
  "node_modules/mapped/package.json": JSON.stringify({
    name: "mapped",
    type: "module",
    exports: {
      ".": { types: "./types/a.d.ts", default: "./lib/a.js" },
      "./sub": { types: "./types/b.d.ts", default: "./lib/b.js" },
    },
  }),
  "node_modules/mapped/lib/a.js": `export const a = "mapped";\n`,
  "node_modules/mapped/lib/b.js": `export const b = "subpath";\n`,
  "node_modules/mapped/types/a.d.ts": `export declare const a: string;\n`,
  "node_modules/mapped/types/b.d.ts": `export declare const b: string;\n`,
  "node_modules/awaits/package.json": JSON.stringify({
    name: "awaits",
    type: "module",
    main: "main.js",
  }),
  "node_modules/awaits/main.js": `export const late = await Promise.resolve("awaited");\n`,
  // A workspace package: linked into node_modules, its source is TypeScript.
  "packages/source/package.json": JSON.stringify({
    name: "source",
    type: "module",
    main: "src/main.ts",
    exports: "./src/main.ts",
  }),
  "packages/source/src/main.ts": `export const typed: string = "source";\n`,
  "node_modules/busy/package.json": JSON.stringify({
    name: "busy",
    type: "module",
    main: "main.js",
  }),
  "node_modules/busy/main.js": `export function spin() { for (let i = 0; ; i++) if (i < 0) return; }\n`,
};

export function makeProject(): Project {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "rzenlab-project-")));
  const write = (path: string, text: string | Uint8Array): void => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  for (const [path, text] of Object.entries(FILES)) write(path, text);
  symlinkSync("../packages/source", join(root, "node_modules/source"));
  return {
    root,
    notebooks: join(root, "notebooks"),
    write,
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
