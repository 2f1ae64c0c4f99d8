/** @file /traces/{id}/assessments: feedback and expectations about traces. */
import { randomUUID } from "node:crypto";
import { type Call, type Context, type Route, route } from "../context.ts";
import { missing } from "../errors.ts";
import { traceRow } from "../traces/rows.ts";

type Document = Record<string, unknown>;

export function assessmentRoutes(context: Context): Route[] {
  const { connection, write, now } = context;

  const find = (trace: string, id: string): Document => {
    const { serial } = traceRow(context, trace);
    const document = connection
      .prepare<[string, number], string>(
        "SELECT document FROM assessments WHERE id = ? AND trace = ?",
      )
      .pluck()
      .get(id, serial);
    if (document === undefined)
      throw missing(`Assessment with ID '${id}' not found for trace '${trace}'`);
    return JSON.parse(document) as Document;
  };
  const given = ({ fields }: Call): Document => {
    if (!fields.object("assessment")) throw fields.absent("assessment");
    return fields.raw("assessment") as Document;
  };
  const path = ({ fields }: Call) => ({
    trace: fields.required("id"),
    id: fields.required("assessment_id"),
  });

  const create = (call: Call) => {
    const trace = call.fields.required("id");
    const name = call.fields.object("assessment")?.required("assessment_name") ?? "";
    const time = new Date(now()).toISOString();
    const assessment = {
      ...given(call),
      assessment_id: `a-${randomUUID().replaceAll("-", "")}`,
      trace_id: trace,
      create_time: time,
      last_update_time: time,
    };
    return write(() => {
      connection
        .prepare("INSERT INTO assessments VALUES (?, ?, ?, ?, ?)")
        .run(
          assessment.assessment_id,
          traceRow(context, trace).serial,
          name,
          JSON.stringify(assessment),
          now(),
        );
      return { assessment };
    });
  };

  const update = (call: Call) => {
    const { trace, id } = path(call);
    const changes = given(call);
    return write(() => {
      const assessment = {
        ...find(trace, id),
        ...changes,
        assessment_id: id,
        trace_id: trace,
        last_update_time: new Date(now()).toISOString(),
      };
      connection
        .prepare("UPDATE assessments SET document = ? WHERE id = ?")
        .run(JSON.stringify(assessment), id);
      return { assessment };
    });
  };

  return [
    route("POST /traces/{id}/assessments", create),
    route("GET /traces/{id}/assessments/{assessment_id}", (call) => {
      const { trace, id } = path(call);
      return { assessment: find(trace, id) };
    }),
    route("PATCH /traces/{id}/assessments/{assessment_id}", update),
    route("DELETE /traces/{id}/assessments/{assessment_id}", (call) => {
      const { trace, id } = path(call);
      return write(() => {
        find(trace, id);
        connection.prepare("DELETE FROM assessments WHERE id = ?").run(id);
        return {};
      });
    }),
  ];
}
