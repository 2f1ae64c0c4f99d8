/** @file SQL's REGEXP on V8's engine that never backtracks. */
import { setFlagsFromString } from "node:v8";
import type { Connection } from "../database.ts";
import { linearRegex } from "./compile.ts";

setFlagsFromString("--enable-experimental-regexp-engine");

const installed = new WeakSet<Connection>();

/** Makes `x REGEXP pattern` work on a connection. */
export function installRegexp(connection: Connection): void {
  if (installed.has(connection)) return;
  installed.add(connection);
  let last: { pattern: string; regex: RegExp } | undefined;
  connection.sql.function("regexp", { deterministic: true }, (pattern, text) => {
    if (pattern === null || text === null) return null;
    if (last?.pattern !== pattern)
      last = { pattern: String(pattern), regex: linearRegex(String(pattern)) };
    return Number(last!.regex.test(String(text)));
  });
}
