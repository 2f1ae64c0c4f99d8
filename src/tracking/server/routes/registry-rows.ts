/** @file Registered models and their versions as MLflow's JSON. */
import type { Context } from "../context.ts";
import { ApiError, invalid } from "../errors.ts";
import type { Fields, Pair } from "../fields.ts";
import { omitNull } from "../wire.ts";

export const STAGES = ["None", "Staging", "Production", "Archived"] as const;
export type Stage = (typeof STAGES)[number];

export type VersionRow = {
  readonly model: string;
  readonly version: number;
  readonly description: string | null;
  readonly user: string | null;
  readonly stage: Stage;
  readonly source: string;
  readonly run_id: string | null;
  readonly run_link: string | null;
  readonly model_id: string | null;
  readonly status: string;
  readonly created_at: number;
  readonly updated_at: number;
};

type ModelRow = {
  readonly name: string;
  readonly description: string | null;
  readonly created_at: number;
  readonly updated_at: number;
};

/** Reads the registry's tables. */
export class Registry {
  readonly #connection: Context["connection"];

  constructor({ connection }: Pick<Context, "connection">) {
    this.#connection = connection;
  }

  model(name: string): Record<string, unknown> {
    const row = this.#connection
      .prepare<[string], ModelRow>("SELECT * FROM registered_models WHERE name = ?")
      .get(name);
    if (!row) {
      throw new ApiError("RESOURCE_DOES_NOT_EXIST", `Registered Model with name=${name} not found`);
    }
    const tags = this.#connection
      .prepare<[string], Pair>("SELECT key, value FROM registered_model_tags WHERE model = ?")
      .all(name);
    const aliases = this.#connection
      .prepare<[string], { alias: string; version: string }>(
        "SELECT alias, CAST(version AS TEXT) AS version FROM model_aliases WHERE model = ?",
      )
      .all(name);
    const latest = this.latest(name);
    return omitNull({
      name,
      creation_timestamp: row.created_at,
      last_updated_timestamp: row.updated_at,
      description: row.description,
      latest_versions: latest.length > 0 ? latest : null,
      tags: tags.length > 0 ? tags : null,
      aliases: aliases.length > 0 ? aliases : null,
    });
  }

  /** The newest version of each stage. */
  latest(name: string): Record<string, unknown>[] {
    return this.#connection
      .prepare<[string], number>(
        "SELECT max(version) FROM model_versions WHERE model = ? GROUP BY stage ORDER BY 1",
      )
      .pluck()
      .all(name)
      .map((version) => this.version(name, version));
  }

  /** The version that the fields `name` and `version` mean. */
  versionRow(name: string, fields: Fields): VersionRow {
    const raw = fields.raw("version");
    const text = typeof raw === "number" ? String(raw) : fields.required("version");
    if (!/^\d{1,15}$/.test(text)) {
      throw invalid(`Model version must be an integer, got '${text.slice(0, 50)}'`);
    }
    return this.#row(name, Number(text));
  }

  version(name: string, version: number): Record<string, unknown> {
    return this.wire(this.#row(name, version));
  }

  wire(row: VersionRow): Record<string, unknown> {
    const of = [row.model, row.version] as const;
    const tags = this.#connection
      .prepare<[string, number], Pair>(
        "SELECT key, value FROM model_version_tags WHERE model = ? AND version = ?",
      )
      .all(...of);
    const aliases = this.#connection
      .prepare<[string, number], string>(
        "SELECT alias FROM model_aliases WHERE model = ? AND version = ?",
      )
      .pluck()
      .all(...of);
    return omitNull({
      name: row.model,
      version: String(row.version),
      creation_timestamp: row.created_at,
      last_updated_timestamp: row.updated_at,
      user_id: row.user,
      current_stage: row.stage,
      description: row.description,
      source: row.source,
      run_id: row.run_id,
      run_link: row.run_link,
      model_id: row.model_id,
      status: row.status,
      tags: tags.length > 0 ? tags : null,
      aliases: aliases.length > 0 ? aliases : null,
    });
  }

  /** Stages are written in any case. */
  stage(text: string): Stage {
    const stage = STAGES.find((known) => known.toLowerCase() === text.toLowerCase());
    if (stage !== undefined) return stage;
    throw invalid(
      `Invalid Model Version stage: ${text.slice(0, 50)}. Value must be one of ${STAGES.join(", ")}.`,
    );
  }

  #row(name: string, version: number): VersionRow {
    const row = this.#connection
      .prepare<[string, number], VersionRow>(
        "SELECT * FROM model_versions WHERE model = ? AND version = ?",
      )
      .get(name, version);
    if (row) return row;
    const text = `Model Version (name=${name}, version=${version}) not found`;
    throw new ApiError("RESOURCE_DOES_NOT_EXIST", text);
  }
}
