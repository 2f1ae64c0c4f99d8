import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseJsonc, ProjectConfigs } from "../../../src/kernel/user/modules/tsconfig.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "rzenlab-tsconfig-")));
afterAll(() => rmSync(folder, { recursive: true }));

test("comments and trailing commas are no errors, code is", () => {
  expect(parseJsonc("t.json", '{ "a": [1, -2,], /* b */ "c": null, }')).toEqual({
    a: [1, -2],
    c: null,
  });
  expect(() => parseJsonc("t.json", '{ "a": f() }')).toThrow(
    "t.json: not valid JSON (CallExpression)",
  );
  expect(() => parseJsonc("t.json", '{ "a": ')).toThrow("t.json: not valid JSON (");
});

test("settings come from the nearest file and from what it extends", () => {
  mkdirSync(join(folder, "deep"));
  writeFileSync(
    join(folder, "base.json"),
    '{ "compilerOptions": { "experimentalDecorators": true, "paths": { "@/*": ["./src/*"] } } }',
  );
  writeFileSync(join(folder, "tsconfig.json"), '{ "extends": "./base" }');
  expect(new ProjectConfigs().of(join(folder, "deep"))).toMatchObject({
    base: folder,
    legacyDecorators: true,
    paths: { "@/*": ["./src/*"] },
  });
  writeFileSync(join(folder, "base.json"), '{ "extends": "./tsconfig.json" }');
  expect(() => new ProjectConfigs().of(folder)).toThrow(`${folder}/tsconfig.json: extends itself`);
});
