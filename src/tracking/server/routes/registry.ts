/** @file /registered-models: names under which versions are kept, with tags and aliases. */
import { filterSql, orderSql, vocabularyOf } from "../../search/index.ts";
import { checkKey, checkName } from "../../validate.ts";
import { type Call, type Context, type Route, route } from "../context.ts";
import { ApiError, invalid } from "../errors.ts";
import { type Fields, maxResults, type Pair } from "../fields.ts";
import { paged, pageOffset } from "../paging.ts";
import { type Registry, STAGES } from "./registry-rows.ts";
import type { TellRegistry } from "./webhooks.ts";

const MODELS = vocabularyOf({
  texts: { name: "m.name" },
  numbers: {
    timestamp: "m.updated_at",
    last_updated_timestamp: "m.updated_at",
    creation_timestamp: "m.created_at",
  },
  pairs: {
    // MLflow's client asks for `mlflow.prompt.is_prompt` != 'true' to leave prompts out, and means
    // models without that tag as well.
    tags: {
      text: `(SELECT coalesce(
          (SELECT value FROM registered_model_tags WHERE model = m.name AND key = wanted),
          CASE wanted WHEN 'mlflow.prompt.is_prompt' THEN 'false' END)
        FROM (SELECT ? AS wanted))`,
    },
  },
});
const MAX_PAGE = 1_000;

export function registryRoutes(context: Context, registry: Registry, tell: TellRegistry): Route[] {
  const { connection, write, now } = context;

  const create = async ({ fields }: Call) => {
    const name = modelName(fields);
    const description = fields.text("description") ?? null;
    const tags = fields.pairs("tags");
    const made = await write(() => {
      insertName(name);
      connection
        .prepare("UPDATE registered_models SET description = ? WHERE name = ?")
        .run(description, name);
      setTags(name, tags);
      return { registered_model: registry.model(name) };
    });
    tell("registered_model.created", { name, tags: recordOf(tags), description });
    return made;
  };
  const insertName = (name: string): void => {
    const { changes } = connection
      .prepare("INSERT OR IGNORE INTO registered_models VALUES (?, NULL, ?, ?)")
      .run(name, now(), now());
    if (changes > 0) return;
    const text = `Registered Model (name=${name}) already exists.`;
    throw new ApiError("RESOURCE_ALREADY_EXISTS", text);
  };
  const setTags = (name: string, tags: readonly Pair[]): void => {
    for (const { key, value } of tags) {
      checkKey("tag", key);
      connection
        .prepare("INSERT OR REPLACE INTO registered_model_tags VALUES (?, ?, ?)")
        .run(name, key, value);
    }
  };

  const search = ({ fields }: Call) => {
    const limit = maxResults(fields, 100, MAX_PAGE);
    const offset = pageOffset(fields);
    const filter = filterSql(fields.text("filter") ?? "", MODELS);
    const order = orderSql(fields.texts("order_by"), MODELS);
    const names = connection.snapshot("search registered models", () =>
      connection
        .prepare<unknown[], string>(
          `SELECT m.name FROM registered_models m WHERE ${filter.text}
           ORDER BY ${order.text === "" ? "" : `${order.text}, `}m.name LIMIT ? OFFSET ?`,
        )
        .pluck()
        .all(...filter.values, ...order.values, limit + 1, offset),
    );
    const { page, ...next } = paged(names, offset, limit);
    return {
      ...(page.length > 0 && { registered_models: page.map((name) => registry.model(name)) }),
      ...next,
    };
  };

  const rename = ({ fields }: Call) => {
    const name = modelName(fields);
    const newName = fields.required("new_name");
    checkModelName(newName);
    return write(() => {
      registry.model(name);
      const taken = connection
        .prepare<[string]>("SELECT 1 FROM registered_models WHERE name = ?")
        .get(newName);
      if (taken && newName !== name) {
        throw new ApiError(
          "RESOURCE_ALREADY_EXISTS",
          `Registered Model (name=${newName}) already exists.`,
        );
      }
      connection
        .prepare("UPDATE registered_models SET name = ?, updated_at = ? WHERE name = ?")
        .run(newName, now(), name);
      return { registered_model: registry.model(newName) };
    });
  };

  const latest = ({ fields }: Call) => {
    const name = modelName(fields);
    const stages = new Set(fields.texts("stages").map((stage) => registry.stage(stage)));
    registry.model(name);
    const chosen = new Set<string>(stages.size > 0 ? stages : STAGES);
    const versions = registry
      .latest(name)
      .filter((version) => chosen.has(String(version["current_stage"])));
    return versions.length > 0 ? { model_versions: versions } : {};
  };

  return [
    route("POST /registered-models/create", create),
    route("GET /registered-models/get", ({ fields }) => ({
      registered_model: registry.model(modelName(fields)),
    })),
    route("PATCH /registered-models/update", ({ fields }) => {
      const name = modelName(fields);
      const description = fields.text("description") ?? null;
      return write(() => {
        registry.model(name);
        connection
          .prepare("UPDATE registered_models SET description = ?, updated_at = ? WHERE name = ?")
          .run(description, now(), name);
        return { registered_model: registry.model(name) };
      });
    }),
    route("POST /registered-models/rename", rename),
    route(
      "DELETE /registered-models/delete",
      ({ fields }) => {
        const name = modelName(fields);
        return write(() => {
          registry.model(name);
          connection.prepare("DELETE FROM registered_models WHERE name = ?").run(name);
          return {};
        });
      },
      "admin",
    ),
    route("GET /registered-models/search", search),
    route("GET /registered-models/get-latest-versions", latest),
    route("POST /registered-models/get-latest-versions", latest, "viewer"),
    route("POST /registered-models/set-tag", async ({ fields }) => {
      const name = modelName(fields);
      const tag = { key: fields.required("key"), value: fields.text("value") ?? "" };
      await write(() => {
        registry.model(name);
        setTags(name, [tag]);
      });
      tell("registered_model_tag.set", { name, ...tag });
      return {};
    }),
    route("DELETE /registered-models/delete-tag", async ({ fields }) => {
      const name = modelName(fields);
      const key = fields.required("key");
      await write(() => {
        registry.model(name);
        connection
          .prepare("DELETE FROM registered_model_tags WHERE model = ? AND key = ?")
          .run(name, key);
      });
      tell("registered_model_tag.deleted", { name, key });
      return {};
    }),
    route("POST /registered-models/alias", async ({ fields }) => {
      const name = modelName(fields);
      const alias = aliasOf(fields);
      const version = await write(() => {
        const row = registry.versionRow(name, fields);
        connection
          .prepare("INSERT OR REPLACE INTO model_aliases VALUES (?, ?, ?)")
          .run(name, alias, row.version);
        return String(row.version);
      });
      tell("model_version_alias.created", { name, alias, version });
      return {};
    }),
    route("DELETE /registered-models/alias", async ({ fields }) => {
      const name = modelName(fields);
      const alias = fields.required("alias");
      await write(() => {
        registry.model(name);
        connection
          .prepare("DELETE FROM model_aliases WHERE model = ? AND alias = ?")
          .run(name, alias);
      });
      tell("model_version_alias.deleted", { name, alias });
      return {};
    }),
    route("GET /registered-models/alias", ({ fields }) => {
      const name = modelName(fields);
      registry.model(name);
      const alias = fields.required("alias");
      const version = connection
        .prepare<[string, string], number>(
          "SELECT version FROM model_aliases WHERE model = ? AND alias = ?",
        )
        .pluck()
        .get(name, alias);
      // This code, not 404, is what clients look for.
      if (version === undefined) throw invalid(`Registered model alias ${alias} not found.`);
      return { model_version: registry.version(name, version) };
    }),
  ];
}

export function recordOf(tags: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}

export function modelName(fields: Fields): string {
  const name = fields.required("name");
  checkModelName(name);
  return name;
}

function checkModelName(name: string): void {
  checkName("registered model name", name);
  if (/[/:]/.test(name)) {
    throw invalid(
      `Invalid name for registered model: ${JSON.stringify(name)}. Registered model names cannot contain '/' or ':'`,
    );
  }
}

function aliasOf(fields: Fields): string {
  const alias = fields.required("alias");
  if (!/^[\w-]{1,255}$/.test(alias)) {
    throw fields.wrong("alias", alias, "up to 255 letters, digits, underscores and hyphens");
  }
  if (/^v\d+$/i.test(alias) || alias.toLowerCase() === "latest") {
    throw invalid(
      `'${alias}' alias name is reserved: versions are v1, v2 ..., and latest is the newest`,
    );
  }
  return alias;
}
