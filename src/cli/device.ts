/** @file The option `--device`, for commands that compute. */
import { EXECUTOR_NAMES, type ExecutorName } from "../engine/index.ts";
import { oneOf } from "./usage.ts";

/** The device asked for; undefined leaves the config's. */
export function deviceOf({ device }: { readonly device?: string }): ExecutorName | undefined {
  return device === undefined ? undefined : oneOf("device", device, EXECUTOR_NAMES);
}
