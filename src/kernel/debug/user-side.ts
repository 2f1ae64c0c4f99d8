/** @file What the debugger calls in the process that it debugs. */
import { richOf, textOf } from "../user/rich.ts";

// oxlint-disable-next-line no-eval -- code of its own, as a cell is: it sees the notebook's bindings
const evaluate = eval;

/** Properties of `__rz`, where cells have what their code calls. */
export const DEBUG_NAMES = {
  /** A value's MIME bundle as JSON: at once, also where the value would take its time. */
  rich(value: unknown): string {
    const rich = richOf(value, { cellKey: "debugger" });
    const text = { data: { "text/plain": textOf(value) }, metadata: {} };
    return JSON.stringify(rich instanceof Promise ? text : rich);
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
