/** @file INTERIM (coordinator): complete and working engine with CONTRACT.md's API, so that nobody waits. Its owner replaces this
 * file when the final engine is complete, and deletes src/engine/interim. */
export * from "./interim/index.ts";
