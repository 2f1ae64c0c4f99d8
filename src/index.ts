/** @file The whole package by part; each part is also an import path of its own, e.g. `rzenlab/engine`. */
export * as data from "./data/index.ts";
export * as engine from "./engine/index.ts";
export * as evaluation from "./eval/index.ts";
export * as experiments from "./experiments/index.ts";
export * as loss from "./loss/index.ts";
export * as model from "./model/index.ts";
export * as notebook from "./notebook/index.ts";
export * as plot from "./plot/index.ts";
export * as tracking from "./tracking/index.ts";
