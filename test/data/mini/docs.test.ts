/** @file The pages about the benchmark say what it is. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { miniReadme, noticeText } from "../../../src/data/mini/docs.ts";
import { MINI_TASKS, PRETRAINING_TASKS } from "../../../src/data/mini/index.ts";
import { packageLicence } from "../../../src/data/mini/licences.ts";
import { DATA_PACKAGES } from "../../../src/data/mini/sources.ts";
import { useBuilt } from "./built.ts";

const REPOSITORY = resolve(import.meta.dirname, "../../..");
const HOW = "out of date: run node src/data/mini/write-docs.ts";
const built = useBuilt();

test("data/README.md is what the task table and the build give", () => {
  expect(readFileSync(resolve(REPOSITORY, "data/README.md"), "utf8"), HOW).toBe(
    miniReadme(built.manifest),
  );
});

test("NOTICE is what the packages' licences give, and names every one", () => {
  const notice = readFileSync(resolve(REPOSITORY, "NOTICE"), "utf8");
  expect(notice, HOW).toBe(noticeText());
  for (const name of DATA_PACKAGES) expect(notice).toContain(`- ${name}: ${packageLicence(name)}`);
});

test("every task's source is a dependency of the package", () => {
  const { dependencies } = JSON.parse(
    readFileSync(resolve(REPOSITORY, "package.json"), "utf8"),
  ) as {
    dependencies: Record<string, string>;
  };
  for (const name of DATA_PACKAGES) expect(dependencies, name).toHaveProperty([name]);
  const used = new Set([...MINI_TASKS, ...PRETRAINING_TASKS].flatMap(({ source }) => source));
  for (const name of DATA_PACKAGES) expect(used, name).toContain(name);
});

test("licences are those the packages state", () => {
  expect(packageLicence("@iconify-json/openmoji")).toBe("CC-BY-SA-4.0");
  expect(packageLicence("@lobehub/fluent-emoji-3d")).toBe("MIT");
  expect(packageLicence("world-countries")).toBe("ODbL-1.0");
});
