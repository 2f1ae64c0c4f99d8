/** @file /scorers: judges of answers as clients write them down, by experiment, name and version. Kept, never run. */
import { randomUUID } from "node:crypto";
import { checkName } from "../../validate.ts";
import { type Call, type Context, type Route, route } from "../context.ts";
import { invalid, missing } from "../errors.ts";
import type { Fields } from "../fields.ts";
import { activeExperiment, experimentIds } from "./experiments.ts";

type Row = {
  readonly experiment: number;
  readonly name: string;
  readonly version: number;
  readonly id: string;
  readonly serialized: string;
  readonly created_at: number;
};

const MAX_BYTES = 1 << 20;

export function scorerRoutes(context: Context): Route[] {
  const { connection, write, now } = context;
  const experimentOf = (fields: Fields): number =>
    activeExperiment(context, fields.required("experiment_id")).id;
  const versions = (experiment: number, name: string): Row[] =>
    connection
      .prepare<[number, string], Row>(
        "SELECT * FROM scorers WHERE experiment = ? AND name = ? ORDER BY version",
      )
      .all(experiment, name);

  /** Versions of the scorer that the fields name; the one they name, if they do. */
  const find = (fields: Fields): Row[] => {
    const experiment = experimentOf(fields);
    const name = fields.required("name");
    const version = fields.integer("version");
    const all = versions(experiment, name);
    const found = version === undefined ? all : all.filter((row) => row.version === version);
    if (found.length > 0) return found;
    const which = version === undefined ? "" : ` and version ${version}`;
    throw missing(`Scorer with name '${name}'${which} not found for experiment ${experiment}.`);
  };

  const register = ({ fields }: Call) => {
    const name = fields.required("name");
    checkName("scorer name", name);
    const serialized = serializedOf(fields);
    return write(() => {
      const experiment = experimentOf(fields);
      const last = versions(experiment, name).at(-1);
      const row = {
        experiment,
        name,
        version: (last?.version ?? 0) + 1,
        id: last?.id ?? randomUUID(),
        serialized,
        created_at: now(),
      };
      connection
        .prepare(
          "INSERT INTO scorers VALUES (@experiment, @name, @version, @id, @serialized, @created_at)",
        )
        .run(row);
      const { scorer_name, scorer_version, ...rest } = wire(row);
      return { name: scorer_name, version: scorer_version, ...rest };
    });
  };

  /** The newest version of each, of one experiment, of several, or of all. */
  const list = ({ fields }: Call) => {
    const one = fields.text("experiment_id");
    if (one && fields.has("experiment_ids")) {
      throw invalid("Cannot specify both 'experiment_id' and 'experiment_ids'.");
    }
    const chosen = one
      ? [experimentOf(fields)]
      : fields.has("experiment_ids")
        ? experimentIds(fields)
        : null;
    const rows = connection
      .prepare<[string | null, string | null], Row>(
        `SELECT s.* FROM scorers s JOIN experiments e ON e.id = s.experiment
         WHERE e.lifecycle = 'active' AND (? IS NULL OR s.experiment IN (SELECT value FROM json_each(?)))
           AND s.version = (SELECT max(version) FROM scorers n WHERE n.experiment = s.experiment AND n.name = s.name)
         ORDER BY s.experiment, s.name`,
      )
      .all(chosen && JSON.stringify(chosen), chosen && JSON.stringify(chosen));
    return rows.length > 0 ? { scorers: rows.map(wire) } : {};
  };

  return [
    route("POST /scorers/register", register),
    route("GET /scorers/list", list),
    route("GET /scorers/versions", ({ fields }) => ({ scorers: find(fields).map(wire) })),
    // Clients ask beside every list. Judging traces as they come in is not to be had here.
    route("GET /scorers/online-configs", () => ({ configs: [] })),
    route("GET /scorers/get", ({ fields }) => ({ scorer: wire(find(fields).at(-1)!) })),
    route(
      "DELETE /scorers/delete",
      ({ fields }) =>
        write(() => {
          for (const { experiment, name, version } of find(fields)) {
            connection
              .prepare("DELETE FROM scorers WHERE experiment = ? AND name = ? AND version = ?")
              .run(experiment, name, version);
          }
          return {};
        }),
      "admin",
    ),
  ];
}

function wire(row: Row) {
  return {
    experiment_id: String(row.experiment),
    scorer_name: row.name,
    scorer_version: row.version,
    serialized_scorer: row.serialized,
    creation_time: row.created_at,
    scorer_id: row.id,
  };
}

/**
 * A JSON object. One with `call_source` holds Python that whoever reads it would run, a scorer inside
 * an ensemble too, so MLflow's server refuses it as well.
 */
function serializedOf(fields: Fields): string {
  const text = fields.required("serialized_scorer");
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw invalid(`serialized_scorer has more than ${MAX_BYTES} bytes`);
  }
  let hasSource = false;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text, (key, value: unknown) => {
      if (key === "call_source" && typeof value === "string" && value !== "") hasSource = true;
      return value;
    });
  } catch (error) {
    throw invalid(`serialized_scorer must be valid JSON: ${(error as Error).message}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw fields.wrong("serialized_scorer", text, "the text of a JSON object");
  }
  if (hasSource) {
    throw invalid("serialized_scorer holds source code (call_source), which is not stored here");
  }
  return text;
}
