/**
 * @file A cell as V8's REPL mode runs it.
 *
 * REPL mode keeps bindings between scripts and knows top-level await, but lets only `let` be declared again by `let`,
 * knows no module syntax, and gives the completion value of any statement. So every top-level declaration becomes a
 * `let`, functions and `var` are hoisted by hand, imports become calls, and a cell that does not end on an expression
 * has no result.
 */
import type { DecodedSourceMap } from "@jridgewell/trace-mapping";
import { MagicString } from "magic-string";
import type { ImportDeclaration, Node, Program, Statement, VariableDeclaration } from "oxc-parser";
import { editMap, instrument, OPT_OUT } from "./instrument.ts";
import { positionOf } from "./source-position.ts";
import {
  CodeError,
  composeMaps,
  isFatal,
  parseScript,
  stripTypes,
  type Transformed,
} from "./typescript.ts";
import { type AnyNode, boundNames, isKey, isScope, walk } from "./walk.ts";

export type CellCode = {
  readonly code: string;
  /** From `code` back to the cell's text. */
  readonly map: () => DecodedSourceMap;
  /** What the cell imports, so that a changed file can be told from the names that still hold its old self. */
  readonly imports: readonly CellImport[];
  /** Names used in the cell, declared or not. */
  readonly names: ReadonlySet<string>;
};

export type CellImport = { readonly specifier: string; readonly locals: readonly string[] };

/** Names that CommonJS gives a file, which in a cell belong to the notebook. */
const MODULE_NAMES = new Set(["require", "__dirname", "__filename"]);

/**
 * @param text the cell
 * @param file its name in maps and errors
 * @throws CodeError with the place that can't be parsed
 */
export function transformCell(
  text: string,
  file: string,
  options: { readonly legacyDecorators?: boolean } = {},
): CellCode {
  const stripped = stripTypes(file, text, { keepImports: true, ...options });
  const parsed = parseScript(file, stripped.code);
  const wrong = parsed.errors.find(isFatal);
  if (wrong !== undefined)
    throw placed(wrong.message, file, wrong.labels.at(-1)?.start ?? 0, stripped, text);

  const cell = new CellRewrite(stripped.code, parsed.program);
  if (!text.includes(OPT_OUT)) instrument(parsed.program, cell.edited);
  cell.rewrite();
  return {
    code: cell.edited.toString(),
    map: () => composeMaps(editMap(cell.edited), stripped, file, text),
    imports: cell.imports,
    names: cell.names,
  };
}

/** An error in the printed JavaScript, put where the cell's text has it. */
function placed(
  message: string,
  file: string,
  offset: number,
  stripped: Transformed,
  text: string,
): CodeError {
  const { line, column } = positionOf(stripped.code, offset);
  const before = (stripped.map().mappings[line - 1] ?? []).findLast(
    (segment) => segment[0] <= column,
  );
  const place =
    before !== undefined && before.length > 1
      ? { line: before[2]! + 1, column: before[3]! }
      : { line: 1, column: 0 };
  return new CodeError(message, file, text, place);
}

class CellRewrite {
  readonly edited: MagicString;
  readonly imports: CellImport[] = [];
  readonly names = new Set<string>();
  readonly #code: string;
  readonly #program: Program;
  /** Declared before anything runs: functions, `var`. */
  readonly #hoisted = new Set<string>();
  /** Nothing but imports so far: they need not be moved to run first. */
  #leading = true;

  constructor(code: string, program: Program) {
    this.#code = code;
    this.#program = program;
    this.edited = new MagicString(code);
  }

  rewrite(): void {
    this.#names();
    for (const statement of this.#program.body) {
      if (statement.type !== "ImportDeclaration") this.#leading = false;
      this.#statement(statement);
    }
    this.#vars();
    const hoisted = this.#hoisted.size > 0 ? `let ${[...this.#hoisted].join(", ")};` : "";
    this.edited.prepend(`"use strict";${hoisted}`);
    const last = this.#program.body.at(-1);
    const gives =
      last?.type === "ExpressionStatement" ||
      (last?.type === "ExportDefaultDeclaration" && !isScope(last.declaration));
    if (!gives) this.edited.append("\n;void 0;");
  }

  #statement(statement: Statement): void {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- all other statements stay as they are
    switch (statement.type) {
      case "ImportDeclaration":
        return this.#import(statement);
      case "VariableDeclaration":
        return this.#lexical(statement);
      case "FunctionDeclaration":
        return this.#function(statement);
      case "ClassDeclaration":
        this.edited.prependLeft(statement.start, `let ${statement.id!.name} = `);
        this.edited.appendRight(statement.end, ";");
        return;
      case "ExportNamedDeclaration": {
        const { declaration, source, specifiers } = statement;
        if (declaration) {
          this.edited.remove(statement.start, declaration.start);
          return this.#statement(declaration);
        }
        if (!source) return void this.edited.remove(statement.start, statement.end);
        const pairs = specifiers.map(
          (s) => [nameOf(s.local), nameOf(s.exported)] as [string, string],
        );
        return this.#importCall(statement, source.value, pairs, undefined, undefined);
      }
      case "ExportAllDeclaration":
        return this.#importCall(
          statement,
          statement.source.value,
          [],
          statement.exported ? nameOf(statement.exported) : undefined,
          undefined,
        );
      case "ExportDefaultDeclaration": {
        const { declaration } = statement;
        const declared = isScope(declaration) && (declaration as { id?: Node | null }).id;
        this.edited.remove(statement.start, declaration.start);
        if (declared) return this.#statement(declaration as Statement);
        this.edited.appendLeft(declaration.start, "(");
        this.edited.prependRight(declaration.end, ")");
        return;
      }
      default:
    }
  }

  /** `const` and `using` become `let`, which alone may be declared again as any of them. */
  #lexical(declaration: VariableDeclaration): void {
    const { kind } = declaration;
    if (kind === "var" || kind === "let") return;
    this.edited.overwrite(declaration.start, declaration.declarations[0]!.start, "let ");
    if (kind === "const") return;
    for (const { init } of declaration.declarations) {
      this.edited.appendLeft(init!.start, kind === "using" ? "__rz.use(" : "await __rz.useAsync(");
      this.edited.prependRight(init!.end, ")");
    }
  }

  /** Hoisted as an assignment; unnamed, so that a recursive call finds whatever the name holds by then. */
  #function(node: Node & { id?: { name: string; start: number; end: number } | null }): void {
    const { name, start, end } = node.id!;
    this.#hoisted.add(name);
    this.edited.prependRight(node.start, `${name} = `);
    this.edited.remove(start, end);
    this.edited.appendLeft(node.end, ";");
    if (node.start > 0) this.edited.move(node.start, node.end, 0);
  }

  #import(statement: ImportDeclaration): void {
    const pairs: [string, string][] = [];
    let namespace: string | undefined;
    for (const specifier of statement.specifiers) {
      const local = specifier.local.name;
      if (specifier.type === "ImportNamespaceSpecifier") namespace = local;
      else if (specifier.type === "ImportDefaultSpecifier") pairs.push(["default", local]);
      else pairs.push([nameOf(specifier.imported), local]);
    }
    const attributes = statement.attributes.map(
      ({ key, value }) => `${JSON.stringify(nameOf(key))}: ${JSON.stringify(value.value)}`,
    );
    const locals = [...pairs.map(([, local]) => local), ...(namespace ? [namespace] : [])];
    this.imports.push({ specifier: statement.source.value, locals });
    this.#importCall(statement, statement.source.value, pairs, namespace, attributes);
  }

  #importCall(
    statement: Node,
    specifier: string,
    pairs: readonly (readonly [string, string])[],
    namespace: string | undefined,
    attributes: readonly string[] | undefined,
  ): void {
    const options = attributes?.length ? `{ with: { ${attributes.join(", ")} } }` : "undefined";
    // A name that is only a type elsewhere is no error; one that this cell uses as a value is.
    const needed = pairs.filter(([, local]) => this.names.has(local)).map(([imported]) => imported);
    const call = `await __rz.import(${JSON.stringify(specifier)}, ${options}, ${JSON.stringify(needed)})`;
    const taken = pairs.map(([imported, local]) => `${JSON.stringify(imported)}: ${local}`);
    const lets = namespace ? [`${namespace} = ${call}`] : [];
    if (taken.length > 0) lets.push(`{ ${taken.join(", ")} } = ${namespace ?? call}`);
    this.edited.overwrite(
      statement.start,
      statement.end,
      lets.length > 0 ? `let ${lets.join(", ")};` : `${call};`,
    );
    if (!this.#leading) this.edited.move(statement.start, statement.end, 0);
  }

  /** `var` of the cell itself, in whatever block, is declared first and assigned where it stood. */
  #vars(): void {
    walk(this.#program, (node, parent) => {
      if (isScope(node)) return false;
      if (node.type !== "VariableDeclaration" || node["kind"] !== "var") return;
      const { declarations } = node as unknown as VariableDeclaration;
      for (const { id } of declarations) for (const name of boundNames(id)) this.#hoisted.add(name);
      const first = declarations[0]!;
      if (parent?.type === "ForInStatement" || parent?.type === "ForOfStatement") {
        return void this.edited.remove(node.start, first.start);
      }
      const assigned = declarations.filter(({ init }) => init);
      if (assigned.length === 0) {
        const semicolon = this.#code[node.end - 1] === ";";
        return void this.edited.remove(node.start, semicolon ? node.end - 1 : node.end);
      }
      const inFor = parent?.type === "ForStatement" && parent["init"] === node;
      this.edited.overwrite(node.start, first.start, inFor ? "(" : "void (");
      for (const each of declarations) {
        if (!each.init) this.edited.overwrite(each.start, each.end, "0");
      }
      this.edited.appendLeft(declarations.at(-1)!.end, ")");
    });
  }

  /** Collects names, and points what only modules have at the notebook. */
  #names(): void {
    const references: AnyNode[] = [];
    const declared = new Set<string>();
    walk(this.#program, (node, parent) => {
      if (node.type === "ImportDeclaration") return false;
      if (node.type === "VariableDeclarator")
        for (const name of boundNames(node["id"])) declared.add(name);
      if (isScope(node)) {
        const { id, params = [] } = node as unknown as { id?: { name: string }; params?: Node[] };
        if (id) declared.add(id.name);
        for (const param of params) for (const name of boundNames(param)) declared.add(name);
      }
      if (node.type === "ImportExpression") {
        this.edited.overwrite(node.start, node.start + "import".length, "__rz.import");
      } else if (node.type === "MetaProperty" && this.#code.startsWith("import", node.start)) {
        this.edited.overwrite(node.start, node.end, "__rz.meta");
      } else if (node.type === "Identifier" && !isKey(node, parent)) {
        const { name } = node as unknown as { name: string };
        this.names.add(name);
        if (MODULE_NAMES.has(name)) references.push(node);
      }
    });
    for (const node of references) {
      if (!declared.has(node["name"] as string)) this.edited.appendLeft(node.start, "__rz.");
    }
  }
}

function nameOf(node: { type: string; name?: string; value?: unknown }): string {
  return node.type === "Literal" ? String(node.value) : node.name!;
}
