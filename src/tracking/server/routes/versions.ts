/** @file /model-versions: numbered versions of registered models. */
import { filterSql, orderSql, vocabularyOf } from "../../search/index.ts";
import { checkKey } from "../../validate.ts";
import { type Call, type Context, type Route, route } from "../context.ts";
import { missing } from "../errors.ts";
import { type Fields, maxResults } from "../fields.ts";
import { paged, pageOffset } from "../paging.ts";
import { modelName, recordOf } from "./registry.ts";
import { type Registry, STAGES, type VersionRow } from "./registry-rows.ts";
import type { TellRegistry } from "./webhooks.ts";

const VERSIONS = vocabularyOf({
  texts: {
    name: "v.model",
    run_id: "v.run_id",
    source_path: "v.source",
    user_id: "v.user",
    current_stage: "v.stage",
    model_id: "v.model_id",
  },
  numbers: {
    version_number: "v.version",
    version: "v.version",
    creation_timestamp: "v.created_at",
    last_updated_timestamp: "v.updated_at",
    timestamp: "v.updated_at",
  },
  pairs: {
    tags: {
      text: "(SELECT value FROM model_version_tags WHERE model = v.model AND version = v.version AND key = ?)",
    },
  },
});
const MAX_PAGE = 200_000;

export function versionRoutes(context: Context, registry: Registry, tell: TellRegistry): Route[] {
  const { connection, write, now } = context;
  const row = (fields: Fields): VersionRow => registry.versionRow(modelName(fields), fields);
  const touch = ({ model, version }: VersionRow): Record<string, unknown> => {
    connection
      .prepare("UPDATE model_versions SET updated_at = ? WHERE model = ? AND version = ?")
      .run(now(), model, version);
    connection
      .prepare("UPDATE registered_models SET updated_at = ? WHERE name = ?")
      .run(now(), model);
    return registry.version(model, version);
  };
  const setTag = (of: VersionRow, key: string, value: string): void => {
    checkKey("tag", key);
    connection
      .prepare("INSERT OR REPLACE INTO model_version_tags VALUES (?, ?, ?, ?)")
      .run(of.model, of.version, key, value);
  };

  /** A version made of a logged model comes from that model's run. */
  const sourceRun = (source: string, modelId: string | null): string | null => {
    const id = /^models:\/(m-\w+)$/.exec(source)?.[1] ?? modelId;
    if (id === null) return null;
    return (
      connection
        .prepare<[string], string | null>("SELECT source_run FROM models WHERE id = ?")
        .pluck()
        .get(id) ?? null
    );
  };

  const create = async ({ fields }: Call) => {
    const name = modelName(fields);
    const source = fields.required("source");
    const tags = fields.pairs("tags");
    const optional = (field: string): string | null => fields.text(field) || null;
    const given = [
      optional("run_id") ?? sourceRun(source, optional("model_id")),
      optional("run_link"),
      optional("model_id"),
      optional("description"),
    ];
    const made = await write(() => {
      registry.model(name);
      // Numbers of deleted versions below the newest are not used again.
      const version = connection
        .prepare<[string], number>(
          "SELECT coalesce(max(version), 0) + 1 FROM model_versions WHERE model = ?",
        )
        .pluck()
        .get(name)!;
      const time = now();
      connection
        .prepare(
          `INSERT INTO model_versions (model, version, source, run_id, run_link, model_id, description, created_at, updated_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(name, version, source, ...given, time, time);
      const row = registry.versionRow(name, fields.with({ version }));
      for (const { key, value } of tags) setTag(row, key, value);
      return { version: String(version), model_version: touch(row) };
    });
    const { version, model_version } = made;
    const [run_id, , , description] = given;
    tell("model_version.created", {
      name,
      version,
      source,
      run_id,
      tags: recordOf(tags),
      description,
    });
    return { model_version };
  };

  const search = ({ fields }: Call) => {
    const limit = maxResults(fields, 10_000, MAX_PAGE);
    const offset = pageOffset(fields);
    const filter = filterSql(fields.text("filter") ?? "", VERSIONS);
    const order = orderSql(fields.texts("order_by"), VERSIONS);
    const rows = connection.snapshot("search model versions", () =>
      connection
        .prepare<unknown[], VersionRow>(
          `SELECT v.* FROM model_versions v WHERE ${filter.text}
           ORDER BY ${order.text === "" ? "v.updated_at DESC, " : `${order.text}, `}v.model, v.version DESC LIMIT ? OFFSET ?`,
        )
        .all(...filter.values, ...order.values, limit + 1, offset),
    );
    const { page, ...next } = paged(rows, offset, limit);
    return {
      ...(page.length > 0 && { model_versions: page.map((one) => registry.wire(one)) }),
      ...next,
    };
  };

  const transition = ({ fields }: Call) => {
    const stage = registry.stage(fields.required("stage"));
    const archive = fields.flag("archive_existing_versions");
    return write(() => {
      const one = row(fields);
      if (archive && (stage === "Staging" || stage === "Production")) {
        connection
          .prepare(
            "UPDATE model_versions SET stage = ?, updated_at = ? WHERE model = ? AND stage = ? AND version <> ?",
          )
          .run(STAGES[3], now(), one.model, stage, one.version);
      }
      connection
        .prepare("UPDATE model_versions SET stage = ? WHERE model = ? AND version = ?")
        .run(stage, one.model, one.version);
      return { model_version: touch(one) };
    });
  };

  return [
    route("POST /model-versions/create", create),
    route("GET /model-versions/get", ({ fields }) => ({
      model_version: registry.wire(row(fields)),
    })),
    route("PATCH /model-versions/update", ({ fields }) => {
      const description = fields.text("description") ?? null;
      return write(() => {
        const one = row(fields);
        connection
          .prepare("UPDATE model_versions SET description = ? WHERE model = ? AND version = ?")
          .run(description, one.model, one.version);
        return { model_version: touch(one) };
      });
    }),
    route(
      "DELETE /model-versions/delete",
      ({ fields }) =>
        write(() => {
          const one = row(fields);
          connection
            .prepare("DELETE FROM model_versions WHERE model = ? AND version = ?")
            .run(one.model, one.version);
          return {};
        }),
      "admin",
    ),
    route("GET /model-versions/search", search),
    route("GET /model-versions/get-download-uri", ({ fields }) => ({
      artifact_uri: row(fields).source,
    })),
    route("POST /model-versions/transition-stage", transition),
    route("POST /model-versions/set-tag", async ({ fields }) => {
      const key = fields.required("key");
      const value = fields.text("value") ?? "";
      const of = await write(() => {
        const one = row(fields);
        setTag(one, key, value);
        return named(one);
      });
      tell("model_version_tag.set", { ...of, key, value });
      return {};
    }),
    route("DELETE /model-versions/delete-tag", async ({ fields }) => {
      const key = fields.required("key");
      const of = await write(() => {
        const one = row(fields);
        const { changes } = connection
          .prepare("DELETE FROM model_version_tags WHERE model = ? AND version = ? AND key = ?")
          .run(one.model, one.version, key);
        if (changes === 0)
          throw missing(`No tag with name: ${key} in version ${one.version} of ${one.model}`);
        return named(one);
      });
      tell("model_version_tag.deleted", { ...of, key });
      return {};
    }),
  ];
}

function named({ model, version }: VersionRow): {
  readonly name: string;
  readonly version: string;
} {
  return { name: model, version: String(version) };
}
