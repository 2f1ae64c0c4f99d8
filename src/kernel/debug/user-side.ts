/** @file What the debugger calls in the process that it debugs. */
import { richOf, textOf } from "../user/rich.ts";

// oxlint-disable-next-line no-eval -- code of its own, as a cell is: it sees the notebook's bindings
const evaluate = eval;

const counts = new Map<number, number>();

/** Properties of `__rz`, where cells have what their code calls. */
export const DEBUG_NAMES = {
  /** A value's MIME bundle as JSON: at once, also where the value would take its time. */
  rich(value: unknown): string {
    const rich = richOf(value, { cellKey: "debugger" });
    const text = { data: { "text/plain": textOf(value) }, metadata: {} };
    return JSON.stringify(rich instanceof Promise ? text : rich);
  },
  /** How often the breakpoint of this number was reached, this time included. */
  hits(breakpoint: number): number {
    const count = (counts.get(breakpoint) ?? 0) + 1;
    counts.set(breakpoint, count);
    return count;
  },
  /** A log point's line, where the cell prints. Never true: it does not stop. */
  log(...parts: readonly (string | (() => unknown))[]): false {
    const shown = parts.map((part) => {
      if (typeof part === "string") return part;
      try {
        const value = part();
        return typeof value === "string" ? value : textOf(value);
      } catch (error) {
        return `{${String(error)}}`;
      }
    });
    process.stdout.write(`${shown.join("")}\n`);
    return false;
  },
  /** The notebook's bindings by name (src/kernel/debug/expression.ts says why). */
  notebook: new Proxy(
    {},
    {
      get: (_, name) => evaluate(String(name)) as unknown,
      set: (_, name, value) => {
        (evaluate(`(value) => { ${String(name)} = value; }`) as (value: unknown) => void)(value);
        return true;
      },
    },
  ),
};
