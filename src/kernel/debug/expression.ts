/** @file Expressions of the debugger as V8 evaluates them in a frame. */
import { MagicString } from "magic-string";
import { parseScript, stripTypes } from "../transform/typescript.ts";
import { isKey, walk } from "../transform/walk.ts";

/** An expression as JavaScript. @throws what is wrong in it, after `name` and the expression */
export function expressionCode(name: string, expression: string): string {
  try {
    return stripped(`(${expression}\n)`).replace(/;?\s*$/, "");
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${name} ${JSON.stringify(expression)}: ${message}`, { cause: error });
  }
}

const stripped = (expression: string): string =>
  stripTypes("expression.ts", expression, { keepImports: true }).code;

/** TypeScript as JavaScript; what can't be parsed is left for V8 to complain of. */
export function withoutTypes(expression: string): string {
  try {
    return stripped(expression);
  } catch {
    return expression;
  }
}

/**
 * The code with a binding of the notebook reached from outside of the frame.
 *
 * A cell that declares a name again shares the older binding, but V8 looks for it in the frame of the newer script,
 * where it never gets a value ("Cannot access 'x' before initialization", V8 13.6).
 */
export function viaNotebook(code: string, name: string): string {
  const edited = new MagicString(code);
  walk(parseScript("expression", code).program, (node, parent) => {
    if (node.type !== "Identifier" || node["name"] !== name) return;
    if (parent?.type === "Property" && parent["shorthand"]) {
      // Key and value are the same word.
      if (parent["key"] === node) edited.appendLeft(node.end, `: __rz.notebook.${name}`);
      return;
    }
    if (isKey(node, parent)) return;
    edited.overwrite(node.start, node.end, `__rz.notebook.${name}`);
  });
  return edited.toString();
}
