import { defineConfig } from "vitest/config";

/** Real counterparts from PyPI, in an environment the tests make themselves (DESIGN D12). */
export default defineConfig({
  test: {
    retry: process.env["CI"] === undefined ? 0 : 1,
    include: ["test/interop/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    pool: "forks",
    maxWorkers: 1,
  },
});
