/** @file The executors that run on any machine, as the tests go through them. */
import type { ExecutorName, ExecutorOptions } from "../../src/engine/index.ts";

export type DeviceCase = {
  readonly name: string;
  readonly executor: ExecutorName;
  readonly options: ExecutorOptions;
};

export const DEVICES: readonly DeviceCase[] = [
  { name: "cpu", executor: "cpu", options: { threads: 2 } },
  { name: "cpu, steps in one Loop", executor: "cpu", options: { threads: 2, loops: true } },
  { name: "wasm, two threads", executor: "wasm", options: { threads: 2 } },
  { name: "tfjs on wasm", executor: "tfjs", options: { tfjsBackend: "wasm" } },
  { name: "tfjs in plain JavaScript", executor: "tfjs", options: { tfjsBackend: "cpu" } },
];
