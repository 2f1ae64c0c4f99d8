/** @file What a breakpoint asks for besides its place, as the one condition that V8 knows. */
import { expressionCode } from "./expression.ts";

/** What a front end may want of a breakpoint; empty texts are none. */
export type Wishes = {
  /** Stops only where it holds. */
  readonly condition?: string;
  /** Of the times that it would stop: `3` or `== 3`, `>= 3`, `> 3`, `<= 3`, `< 3`, `% 3`. */
  readonly hitCondition?: string;
  /** Prints this, with `{expression}` replaced by its value, and goes on. */
  readonly logMessage?: string;
};

export const WISHES = ["condition", "hitCondition", "logMessage"] as const;

let counters = 0;

/**
 * JavaScript that is true where V8 is to stop; nothing if it always is. Counts begin anew with each call.
 * @throws what is wrong in a wish, of which V8 says nothing
 */
export function conditionOf({ condition, hitCondition, logMessage }: Wishes): string | undefined {
  const parts = [
    ...(condition ? [`(${expressionCode("condition", condition)})`] : []),
    ...(hitCondition ? [hitCode(hitCondition)] : []),
    ...(logMessage ? [logCode(logMessage)] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(" && ");
}

function hitCode(wish: string): string {
  const [, sign = "==", count] = /^\s*(==?|>=?|<=?|%)?\s*(\d+)\s*$/.exec(wish) ?? [];
  if (count === undefined || (sign === "%" && Number(count) === 0)) {
    throw new Error(
      `hit condition ${JSON.stringify(wish)}: must be a count like 3, or one after ==, >=, >, <=, < or %`,
    );
  }
  const hits = `__rz.hits(${++counters})`;
  if (sign === "%") return `${hits} % ${count} === 0`;
  return `${hits} ${sign.startsWith("=") ? "===" : sign} ${count}`;
}

/** Prints, and is false, so that nothing stops. */
function logCode(message: string): string {
  const pieces = message.split(/\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}/);
  const parts = pieces.map((piece, i) =>
    i % 2 === 0 ? JSON.stringify(piece) : `() => (${expressionCode("log message", piece)}\n)`,
  );
  return `__rz.log(${parts.join(", ")})`;
}
