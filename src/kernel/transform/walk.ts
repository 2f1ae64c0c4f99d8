/** @file A walk over an ESTree that oxc-parser made. */
import { type Node, visitorKeys } from "oxc-parser";

export type AnyNode = Node & Record<string, unknown>;

/** Calls `enter` on `node` and everything below it, parents first; `false` from `enter` skips a node's children. */
export function walk(
  node: Node,
  enter: (node: AnyNode, parent: AnyNode | undefined) => boolean | void,
  parent?: AnyNode,
): void {
  const current = node as AnyNode;
  if (enter(current, parent) === false) return;
  for (const key of visitorKeys[current.type] ?? []) {
    const child = current[key];
    if (Array.isArray(child)) {
      for (const item of child) if (item) walk(item as Node, enter, current);
    } else if (child) {
      walk(child as Node, enter, current);
    }
  }
}

const SCOPES = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ArrowFunctionExpression",
  "ClassDeclaration",
  "ClassExpression",
]);

/** Functions and classes: what their bodies declare and await is not the surrounding code's. */
export const isScope = (node: Node): boolean => SCOPES.has(node.type);

/** Names that a binding pattern declares. */
export function boundNames(pattern: Node): string[] {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- nothing else declares a name
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((p) =>
        boundNames(p.type === "RestElement" ? p.argument : p.value),
      );
    case "ArrayPattern":
      return pattern.elements.flatMap((e) => (e ? boundNames(e) : []));
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "RestElement":
      return boundNames(pattern.argument);
    default:
      return [];
  }
}

/** Is this identifier a property's name, not a value? */
export function isKey(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (parent === undefined || parent["computed"] === true) return false;
  if (parent.type === "MemberExpression") return parent["property"] === node;
  const named =
    parent.type === "Property" ||
    parent.type === "MethodDefinition" ||
    parent.type === "PropertyDefinition";
  return (
    named && parent["key"] === node && parent["value"] !== node && parent["shorthand"] !== true
  );
}
