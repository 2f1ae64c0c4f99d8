/**
 * @file All cells that were run as one TypeScript module, which the language server reads before the current cell.
 *
 * A notebook may declare a name again; a module may not. So the older binding and what refers to it get another name,
 * and a cell that nothing refers to any more is dropped. Statements that declare nothing are dropped at once: they can
 * only slow the checker down, or end the module early (`throw`, `process.exit()`).
 */
import { MagicString } from "magic-string";
import { type Node, parseSync, type Program, type Statement } from "oxc-parser";
import { type AnyNode, boundNames, isScope, walk } from "../transform/walk.ts";

/** Ends the name of a binding that a later cell has replaced. */
const STALE = "__rz";
const STALE_NAME = new RegExp(`${STALE}\\d+\\b`, "g");

/** True for a name that only this file knows. */
export const isStale = (name: string): boolean => name.search(STALE_NAME) >= 0;

/** Text from the server in the notebook's own names. */
export const withoutStaleNames = (text: string): string => text.replace(STALE_NAME, "");

type Accepted = { readonly text: string; readonly declares: ReadonlySet<string> };

export class NotebookText {
  #cells: readonly Accepted[] = [];
  #renames = 0;

  /** Adds a cell that runs. Code that can't be parsed adds nothing. */
  accept(code: string): void {
    const parsed = parse(code);
    if (parsed === undefined) return;
    if (!parsed.body.some(isKept)) return;
    const cell = {
      text: declarations(code, parsed),
      declares: new Set(parsed.body.flatMap(declaredNames)),
    };
    const others = renamed(this.#cells, cell.declares, () => ++this.#renames);
    this.#cells = [...withoutUnused(others).filter((each) => !isRerun(each, cell)), cell];
  }

  /**
   * What precedes `code`, which may be incomplete, in the module, put together when it is called for: of the cells
   * accepted by now. Ends with a newline.
   */
  precedes(code: string): () => string {
    const cells = this.#cells;
    return () => {
      const parsed = parse(code);
      const declares = new Set(parsed ? parsed.body.flatMap(declaredNames) : guessedNames(code));
      return renamed(cells, declares, () => ++this.#renames)
        .map(({ text }) => `${text}\n;\n`)
        .join("");
    };
  }

  /** Names that the next cell finds. */
  get names(): readonly string[] {
    return this.#cells.flatMap(({ declares }) => [...declares].filter((name) => !isStale(name)));
  }
}

/** The cells with `names` moved out of the way, as far as they declare them. */
function renamed(
  given: readonly Accepted[],
  names: ReadonlySet<string>,
  number: () => number,
): readonly Accepted[] {
  let cells = given;
  for (const name of names) {
    const from = cells.findIndex(({ declares }) => declares.has(name));
    if (from < 0) continue;
    const stale = `${name}${STALE}${number()}`;
    cells = cells.map((cell, i) => (i < from ? cell : renameIn(cell, name, stale)));
  }
  return cells;
}

/** A cell of assignments only that is run again says nothing new by standing there twice. */
const isRerun = (older: Accepted, { text, declares }: Accepted): boolean =>
  declares.size === 0 && older.declares.size === 0 && older.text === text;

function parse(code: string): Program | undefined {
  const { program, errors } = parseSync("cell.ts", code, { lang: "ts", sourceType: "module" });
  return errors.some(({ severity }) => (severity as string) === "Error") ? undefined : program;
}

/** Repeats older cells as long as something newer needs what they declare. */
function withoutUnused(cells: readonly Accepted[]): readonly Accepted[] {
  const kept: Accepted[] = [];
  for (const cell of cells.toReversed()) {
    const needed = [...cell.declares].some(
      (name) => !isStale(name) || kept.some(({ text }) => text.includes(name)),
    );
    if (needed || cell.declares.size === 0) kept.unshift(cell);
  }
  return kept;
}

/** The text with everything that neither declares nor assigns blanked out. */
function declarations(code: string, { body }: Program): string {
  const edited = new MagicString(code);
  for (const statement of body) {
    if (!isKept(statement)) edited.remove(statement.start, statement.end);
  }
  return edited.toString();
}

function isKept(statement: Statement): boolean {
  if (statement.type === "ImportDeclaration") return true;
  // An assignment tells what a variable holds since.
  if (statement.type === "ExpressionStatement") {
    return statement.expression.type === "AssignmentExpression";
  }
  return declaredNames(statement).length > 0 || statement.type === "TSModuleDeclaration";
}

const NAMED = new Set([
  "FunctionDeclaration",
  "ClassDeclaration",
  "TSInterfaceDeclaration",
  "TSTypeAliasDeclaration",
  "TSEnumDeclaration",
  "TSModuleDeclaration",
  "TSImportEqualsDeclaration",
]);

/** Names that a top-level statement brings into the notebook. */
function declaredNames(statement: Statement): string[] {
  if (statement.type === "VariableDeclaration") {
    return statement.declarations.flatMap(({ id }) => boundNames(id));
  }
  if (statement.type === "ImportDeclaration") {
    return statement.specifiers.map(({ local }) => local.name);
  }
  if (statement.type === "ExportNamedDeclaration") {
    return statement.declaration ? declaredNames(statement.declaration) : [];
  }
  if (!NAMED.has(statement.type)) return nestedVars(statement);
  const { id } = statement as unknown as { id: Node | null };
  return id?.type === "Identifier" ? [id.name] : [];
}

function nestedVars(statement: Node): string[] {
  const names: string[] = [];
  walk(statement, (node) => {
    if (isScope(node)) return false;
    if (node.type === "VariableDeclaration" && node.kind === "var") {
      names.push(...node.declarations.flatMap(({ id }) => boundNames(id)));
    }
  });
  return names;
}

/** Names that a cell being typed seems to declare. */
function guessedNames(code: string): string[] {
  const declared =
    /^(?:export\s+)?(?:async\s+)?(?:const|let|var|function\*?|class|interface|type|enum|namespace)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gmu;
  return [...code.matchAll(declared)].map((match) => match[1]!);
}

/** Renames all uses of a name in a cell; inner bindings of that name go along, which changes nothing. */
function renameIn(cell: Accepted, name: string, to: string): Accepted {
  if (!cell.text.includes(name)) return cell;
  const program = parse(cell.text);
  if (program === undefined) return cell;
  const edited = new MagicString(cell.text);
  walk(program, (node, parent) => {
    if (node.type !== "Identifier" || node["name"] !== name) return;
    const end = node.start + name.length;
    if (parent?.type === "Property" && parent.shorthand) {
      if (parent.key === node) edited.appendLeft(end, `: ${to}`);
    } else if (parent?.type === "ImportSpecifier" || parent?.type === "ExportSpecifier") {
      renameSpecifier(edited, parent, node, to);
    } else if (!isKey(node, parent)) {
      edited.overwrite(node.start, end, to);
    }
  });
  const declares = new Set([...cell.declares].map((each) => (each === name ? to : each)));
  return { text: edited.toString(), declares };
}

/** `import { a }` and `export { a }` name two things by one word. */
function renameSpecifier(edited: MagicString, parent: AnyNode, node: AnyNode, to: string): void {
  const local = parent["local"] as AnyNode;
  const outer = (parent["imported"] ?? parent["exported"]) as AnyNode;
  if (local.start !== outer.start) {
    if (node.start === local.start) edited.overwrite(local.start, local.end, to);
  } else if (node === local || node === outer) {
    // Both are visited; write once.
    const text =
      parent.type === "ImportSpecifier"
        ? `${node["name"] as string} as ${to}`
        : `${to} as ${node["name"] as string}`;
    if (node === local) edited.overwrite(local.start, local.end, text);
  }
}

/** Where a node of these types holds a name that is no reference, unless computed. */
const NAME_PLACES: Readonly<Record<string, string>> = {
  MemberExpression: "property",
  TSQualifiedName: "right",
  Property: "key",
  MethodDefinition: "key",
  PropertyDefinition: "key",
  AccessorProperty: "key",
  TSPropertySignature: "key",
  TSMethodSignature: "key",
  TSAbstractMethodDefinition: "key",
  TSAbstractPropertyDefinition: "key",
  TSEnumMember: "id",
  LabeledStatement: "label",
  BreakStatement: "label",
  ContinueStatement: "label",
};

/** Is this identifier a property's name, not a reference? */
function isKey(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (parent === undefined) return false;
  const fields = parent as unknown as Record<string, unknown>;
  const place = NAME_PLACES[parent.type];
  return place !== undefined && fields[place] === node && !fields["computed"];
}
