/** @file V8's objects as the protocol's variables, behind numbers that live as long as a stop. */
import type { Json } from "../protocol/wire.ts";
import type { Inspector } from "./inspector.ts";

export type RemoteObject = {
  readonly type: string;
  readonly subtype?: string;
  readonly className?: string;
  readonly description?: string;
  readonly value?: unknown;
  readonly unserializableValue?: string;
  readonly objectId?: string;
  readonly preview?: Preview;
};

type Preview = {
  readonly overflow: boolean;
  readonly properties: readonly { name: string; type: string; value?: string }[];
  readonly entries?: readonly { key?: { description?: string }; value: { description?: string } }[];
};

type Property = { readonly name: string; readonly value?: RemoteObject };

export type Variable = {
  readonly name: string;
  /** With its type: where a variable has a `type`, JupyterLab shows that instead of the value. */
  readonly value: string;
  readonly evaluateName: string;
  readonly variablesReference: number;
};

/** A scope of a stop's frame, counted from the innermost. */
export type ScopePlace = {
  readonly frameId: number;
  readonly scope: number;
  readonly type: string;
};

/** An object whose properties a front end sees, or a scope whose names it sees. */
export type Target = { readonly objectId: string; readonly scope?: ScopePlace };

/** More would only make the panel slow; a tensor has millions. */
const MAX_PROPERTIES = 500;
const MAX_TEXT = 500;

/** What a person reads for a value. */
export function describe(value: RemoteObject): string {
  const { type, unserializableValue, description, preview } = value;
  const text =
    type === "string"
      ? JSON.stringify(value.value)
      : (unserializableValue ??
        description ??
        (type === "undefined" ? type : JSON.stringify(value.value)));
  const inside = preview && insideOf(value, preview);
  const shown =
    type === "function"
      ? text.split("\n")[0]!
      : inside === undefined
        ? text
        : text === "Object"
          ? inside
          : `${text} ${inside}`;
  return shown.length > MAX_TEXT ? `${shown.slice(0, MAX_TEXT)}…` : shown;
}

/** The first properties or entries; nothing for what its description tells better: errors, dates, expressions. */
function insideOf({ subtype }: RemoteObject, preview: Preview): string | undefined {
  const { overflow, properties, entries } = preview;
  const more = overflow ? ["…"] : [];
  if (subtype === "map" || subtype === "set") {
    const each = (entries ?? []).map(({ key, value }) =>
      [...(key ? [key.description] : []), value.description].join(" => "),
    );
    return `{${[...each, ...more].join(", ")}}`;
  }
  const shown = properties.map(({ name, type, value = "" }) => {
    const text = type === "string" ? JSON.stringify(value) : type === "function" ? "ƒ" : value;
    return /^\d+$/.test(name) ? text : `${name}: ${text}`;
  });
  if (subtype === "array" || subtype === "typedarray") return `[${[...shown, ...more].join(", ")}]`;
  return subtype === undefined ? `{${[...shown, ...more].join(", ")}}` : undefined;
}

/** Names that the kernel, not the person, put there. */
const isOurs = (name: string): boolean => name.startsWith("__rz") || name === "[[Prototype]]";

const FIRST_ENTRIES = `function (count) {
  return Array.isArray(this) || ArrayBuffer.isView(this)
    ? Array.prototype.slice.call(this, 0, count)
    : this;
}`;

export class Variables {
  readonly #inspector: Inspector;
  readonly #objects = new Map<number, Target>();
  #next = 1;

  constructor(inspector: Inspector) {
    this.#inspector = inspector;
  }

  /** Forgets the numbers of an earlier stop. */
  clear(): void {
    this.#objects.clear();
  }

  /** A number for an object's properties; 0 where there are none. */
  reference(objectId: string | undefined, scope?: ScopePlace): number {
    if (objectId === undefined) return 0;
    const reference = this.#next++;
    this.#objects.set(reference, { objectId, ...(scope ? { scope } : {}) });
    return reference;
  }

  /** What a number stands for. */
  target(reference: number): Target {
    const target = this.#objects.get(reference);
    if (target !== undefined) return target;
    throw new Error(`variables: no object has the reference ${reference} now`);
  }

  /** The properties behind a number. */
  async of(reference: number): Promise<Variable[]> {
    const { objectId } = this.target(reference);
    const short = (await this.#inspector.send("Runtime.callFunctionOn", {
      objectId,
      functionDeclaration: FIRST_ENTRIES,
      arguments: [{ value: MAX_PROPERTIES }],
    })) as { result: RemoteObject };
    const { result, internalProperties = [] } = (await this.#inspector.send(
      "Runtime.getProperties",
      { objectId: short.result.objectId ?? objectId, ownProperties: true, generatePreview: true },
    )) as { result: Property[]; internalProperties?: Property[] };
    return [...result, ...internalProperties]
      .filter(({ name, value }) => value !== undefined && !isOurs(name))
      .slice(0, MAX_PROPERTIES)
      .map(({ name, value }) => this.variable(name, value!));
  }

  variable(name: string, value: RemoteObject): Variable {
    return {
      name,
      value: describe(value),
      evaluateName: name,
      variablesReference: this.reference(value.objectId),
    };
  }

  /** All bindings that cells made; those that an error kept from getting a value are left out. */
  async notebook(): Promise<Variable[]> {
    const { names } = (await this.#inspector.send("Runtime.globalLexicalScopeNames")) as {
      names: string[];
    };
    // A name that was declared again comes twice.
    const wanted = [...new Set(names)].filter((name) => !isOurs(name)).slice(-MAX_PROPERTIES);
    const values = await Promise.all(
      wanted.map((expression) =>
        this.#inspector.send("Runtime.evaluate", { expression, generatePreview: true }),
      ),
    );
    return (values as ({ result: RemoteObject } & Json)[]).flatMap((each, i) =>
      each["exceptionDetails"] === undefined ? [this.variable(wanted[i]!, each.result)] : [],
    );
  }
}
