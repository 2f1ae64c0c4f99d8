/** @file Experiments from a notebook: what is refused, and what a process that fails says. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import type { Grid } from "../../src/experiments/index.ts";
import {
  JobError,
  ablate,
  compare,
  homeFolder,
  placesOf,
  runAddress,
} from "../../src/notebook/index.ts";
import { announceServer } from "../../src/tracking/index.ts";

const home = mkdtempSync(join(tmpdir(), "rzenlab-ablate-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const grid: Grid = {
  name: "g",
  title: "g",
  base: {},
  baseline: "a",
  cells: [{ name: "a", changes: "", patch: {} }],
};

test("refuses a grid without its baseline and seeds that are no number", async () => {
  await expect(ablate({ ...grid, baseline: "b" }, { home })).rejects.toThrow(
    'ablate: the baseline "b" is none of the cells a',
  );
  await expect(ablate(grid, { home, seeds: 0.5 })).rejects.toThrow(
    "ablate: seeds must be a whole number from 1 up, got 0.5",
  );
});

test("a job that fails says why, in the notebook", async () => {
  const failed = ablate(grid, { home, seeds: 1 });
  await expect(failed).rejects.toThrow(JobError);
  await expect(failed).rejects.toThrow(join(home, "data", "mini-mmeb"));
}, 120_000);

test("compare names what it can't compare", () => {
  expect(() => compare([])).toThrow("compare: no runs to compare");
  expect(() => compare([{ name: "a", runIds: [] }], { baseline: "b" })).toThrow(
    'compare: the baseline "b" is none of a',
  );
});

test("finds the home above the notebook", () => {
  expect(homeFolder(join(import.meta.dirname, "../../notebooks"))).toBe(
    join(import.meta.dirname, "../../.rzenlab"),
  );
});

test("a run's page is on the server that is named, else on the one that runs, else where one would", () => {
  vi.stubEnv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db");
  expect(runAddress("abc", home)).toBe("http://127.0.0.1:5050/ui/run/abc");
  const withdraw = announceServer(placesOf(home).store, "http://127.0.0.1:4321");
  expect(runAddress("abc", home)).toBe("http://127.0.0.1:4321/ui/run/abc");
  vi.stubEnv("MLFLOW_TRACKING_URI", "https://tracker.example.org/");
  expect(runAddress("abc", home)).toBe("https://tracker.example.org/ui/run/abc");
  withdraw();
  vi.unstubAllEnvs();
});
