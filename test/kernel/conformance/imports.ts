/** @file What a cell may import, and what happens when a file changes. */
import { type Case, check, equal, type Group, includes } from "./session.ts";

const prints = (name: string, typescript: string, expected: string, deno?: string): Case => ({
  name,
  run: (kernel) => kernel.prints(deno === undefined ? typescript : { typescript, deno }, expected),
});

export const imports: Group = {
  name: "imports",
  cases: [
    prints(
      "Node built-ins, static",
      "import { join } from 'node:path'; import * as os from 'node:os'; import fs from 'node:fs'; console.log(join('a', 'b'), typeof os.cpus, typeof fs.statSync)",
      "a/b function function",
    ),
    prints(
      "Node built-ins, dynamic",
      "const { basename } = await import('node:path'); console.log(basename('/a/b'))",
      "b",
    ),
    prints("CommonJS package", "import { hello } from 'cjs'; console.log(hello())", "cjs"),
    prints(
      "CommonJS package, default import",
      "import cjs from 'cjs'; console.log(cjs.hello())",
      "cjs",
    ),
    prints(
      "ESM package",
      "import d, { named as renamed } from 'esm'; console.log(d, renamed)",
      "default esm",
    ),
    prints("import for its effects alone", "import 'esm'; console.log('done')", "done"),
    prints(
      "package with only an exports map",
      "import { a } from 'mapped'; console.log(a)",
      "mapped",
    ),
    prints(
      "subpath of an exports map",
      "import { b } from 'mapped/sub'; console.log(b)",
      "subpath",
    ),
    prints(
      "package with top-level await",
      "import { late } from 'awaits'; console.log(late)",
      "awaited",
    ),
    prints(
      "package whose source is TypeScript",
      "import { typed } from 'source'; console.log(typed)",
      "source",
    ),
    prints(
      "JSON",
      "import data from '../data.json' with { type: 'json' }; console.log(data.answer)",
      "42",
    ),
    prints(
      "JSON without an attribute",
      "import data2 from '../data.json'; console.log(data2.answer)",
      "42",
    ),
    prints("WebAssembly", "import { add } from '../add.wasm'; console.log(add(2, 3))", "5"),
    prints(
      "../src with extension",
      "import { value, Kind, Point } from '../src/lib.ts'; console.log(value, Kind.A, new Point(3).x)",
      "1 a 3",
    ),
    prints(
      "../src without extension",
      "import { value as v2 } from '../src/lib'; console.log(v2)",
      "1",
    ),
    prints(
      "../src with .js for .ts",
      "import { value as v3 } from '../src/lib.js'; console.log(v3)",
      "1",
    ),
    prints(
      "extensionless import inside a project file",
      "import { negative } from '../src/bare.ts'; console.log(negative)",
      "-1",
    ),
    prints(
      "file beside the notebook",
      "import { beside } from './beside.ts'; console.log(beside)",
      "beside",
    ),
    prints("tsconfig paths", "import { value as v4 } from '@lib/lib'; console.log(v4)", "1"),
    prints(
      "import() of a project file",
      "const m5 = await import('../src/lib.ts'); console.log(m5.value)",
      "1",
    ),
    prints(
      "type-only imports",
      "import type { Point as PT } from '../src/lib.ts'; import { type Kind as KT, value as v6 } from '../src/lib.ts'; const p6: PT = { x: 1 }; console.log(p6.x, v6)",
      "1 1",
    ),
    {
      name: "imported names in later cells, also when the importing cell did not use them",
      run: async (kernel) => {
        await kernel.ok(
          "import { value as later } from '../src/lib.ts'; import * as whole from '../src/lib.ts';",
        );
        await kernel.prints("console.log(later, whole.Kind.A)", "1 a");
      },
    },
    prints("require", "console.log(require('cjs').hello(), require('node:path').sep)", "cjs /"),
    {
      name: "import.meta and __dirname are the notebook's",
      run: async (kernel) => {
        const { project } = kernel;
        await kernel.prints("console.log(import.meta.dirname)", project.notebooks);
        await kernel.prints("console.log(import.meta.url.startsWith('file://'))", "true");
        await kernel.prints(
          "console.log(import.meta.resolve('../src/lib.ts'))",
          `file://${project.root}/src/lib.ts`,
        );
        await kernel.prints("console.log(__dirname)", project.notebooks);
      },
    },
    {
      name: "a module that is not there is named",
      run: async (kernel) => {
        const { evalue } = await kernel.fails({
          typescript: "import { x } from '../src/absent.ts'",
          python: "import absent_module",
        });
        includes(evalue, "absent", "message");
      },
    },
    {
      name: "an export that is not there is named",
      run: async (kernel) => {
        const done = await kernel.execute({
          typescript: "import { valeu } from '../src/lib.ts'; console.log(valeu)",
          python: "from library import valeu",
        });
        includes(
          JSON.stringify([done.error, done.stdout, done.text("stderr")]),
          "valeu",
          "message",
        );
        equal(done.reply["status"], "error", "status");
      },
    },
    {
      name: "a syntax error in a project file is placed",
      run: async (kernel) => {
        kernel.project.write("src/broken.ts", "export const a = 1;\nexport const b = = 2;\n");
        const { evalue, trace } = await kernel.fails("import { a } from '../src/broken.ts'");
        includes(`${evalue}\n${trace}`, /broken\.ts.*2/s, "place");
      },
    },
  ],
};

export const reload: Group = {
  name: "hot reload",
  cases: [
    {
      name: "a changed file is fresh when the importing cell runs again",
      run: async (kernel) => {
        const cell = {
          typescript: "import { version } from '../src/hot.ts'; console.log(version)",
          python: "import library\nprint(library.value)",
        };
        await kernel.prints(cell, "1");
        kernel.project.write("src/hot.ts", "export const version = 22;\n");
        kernel.project.write("notebooks/library.py", "value = 22\n");
        await kernel.prints(cell, "22");
      },
    },
    {
      name: "its importers are fresh, too",
      run: async (kernel) => {
        kernel.project.write("src/hot.ts", "export const version = 3;\n");
        await kernel.prints("import { seen } from '../src/uses-hot.ts'; console.log(seen)", "3");
        kernel.project.write("src/hot.ts", "export const version = 4444;\n");
        await kernel.prints("import { seen } from '../src/uses-hot.ts'; console.log(seen)", "4444");
      },
    },
    {
      name: "other modules keep their instance",
      run: async (kernel) => {
        await kernel.ok("import { token as before } from '../src/other.ts'");
        kernel.project.write("src/hot.ts", "export const version = 5;\n");
        await kernel.ok("import { version } from '../src/hot.ts'");
        await kernel.prints(
          "import { token as after } from '../src/other.ts'; console.log(before === after)",
          "true",
        );
      },
    },
    {
      name: "import() sees the change, too",
      run: async (kernel) => {
        kernel.project.write("src/hot.ts", "export const version = 66;\n");
        await kernel.prints("console.log((await import('../src/hot.ts')).version)", "66");
      },
    },
    {
      name: "touching a file without changing it keeps its instance",
      run: async (kernel) => {
        await kernel.ok("const first7 = (await import('../src/other.ts')).token");
        kernel.project.write(
          "src/other.ts",
          "export const token = {};\nexport const born = process.hrtime.bigint();\n",
        );
        await kernel.prints(
          "console.log(first7 === (await import('../src/other.ts')).token)",
          "true",
        );
      },
    },
    {
      name: "a file that was broken and is mended loads",
      run: async (kernel) => {
        kernel.project.write("src/mended.ts", "export const a = ;\n");
        await kernel.execute("import { a } from '../src/mended.ts'");
        kernel.project.write("src/mended.ts", "export const a = 'mended';\n");
        await kernel.prints("import { a } from '../src/mended.ts'; console.log(a)", "mended");
      },
    },
    {
      name: "a binding to an old instance is noted",
      run: async (kernel) => {
        kernel.project.write("src/noted.ts", "export class Old {}\n");
        await kernel.ok("import { Old } from '../src/noted.ts'");
        await kernel.ok("const instance8 = new Old();");
        kernel.project.write(
          "src/noted.ts",
          "export class Old { fresh = 1 }\nexport const extra = 1;\n",
        );
        const done = await kernel.ok("import { extra } from '../src/noted.ts'; extra");
        check(
          /Old/.test(`${done.stdout}${done.text("stderr")}${JSON.stringify(done.displays)}`),
          "no note about Old",
        );
      },
    },
  ],
};
