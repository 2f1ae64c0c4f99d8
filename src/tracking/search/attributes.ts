/** @file Names of everything else that is searched: columns, and rows of (owner, key, value). */
import type { Operand, Vocabulary } from "./compile.ts";
import type { Name } from "./parse.ts";
import { lookUp, unknownEntity, unknownName } from "./runs.ts";

export type Searchable = {
  /** Column by the name people use. */
  readonly texts: Readonly<Record<string, string>>;
  readonly numbers: Readonly<Record<string, string>>;
  /** Entity, in the plural, to the SQL of a value with `?` for its key. */
  readonly pairs?: Readonly<Record<string, { text?: string; number?: string }>>;
};

const ATTRIBUTE_ENTITIES = new Set(["", "attribute", "attributes", "attr", "trace", "traces"]);
const PLURAL: Readonly<Record<string, string>> = {
  tag: "tags",
  param: "params",
  parameter: "params",
  parameters: "params",
  metric: "metrics",
  request_metadata: "metadata",
};

export function vocabularyOf({ texts, numbers, pairs = {} }: Searchable): Vocabulary {
  const operand = ({ entity, key, column, aggregate }: Name): Operand => {
    if (ATTRIBUTE_ENTITIES.has(entity)) {
      const text = lookUp(texts, key);
      if (text !== undefined) return { text, values: [] };
      const number = lookUp(numbers, key);
      if (number !== undefined) return { number, values: [] };
      throw unknownName("attribute", key, column, [texts, numbers]);
    }
    const plural = lookUp(PLURAL, entity) ?? entity;
    const known = Object.hasOwn(pairs, plural) ? pairs[plural] : undefined;
    if (!known || aggregate) {
      throw unknownEntity(entity, column, ["attributes", ...Object.keys(pairs)].join(", "));
    }
    return { ...known, values: [key] };
  };
  return { operand };
}

export const EXPERIMENTS = vocabularyOf({
  texts: {
    name: "e.name",
    experiment_id: "CAST(e.id AS TEXT)",
    artifact_location: "coalesce(e.artifact_location, 'mlflow-artifacts:/' || e.id)",
    lifecycle_stage: "e.lifecycle",
  },
  numbers: {
    creation_time: "e.created_at",
    last_update_time: "e.updated_at",
  },
  pairs: {
    tags: { text: "(SELECT value FROM experiment_tags WHERE experiment = e.id AND key = ?)" },
  },
});
