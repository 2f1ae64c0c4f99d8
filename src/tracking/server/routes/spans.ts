/** @file POST /v1/traces: spans from OpenTelemetry's exporters. */
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { ApiError } from "../errors.ts";
import { Fields } from "../fields.ts";
import { readSpans } from "../traces/otlp.ts";
import { activeExperiment } from "./experiments.ts";

const MAX_BYTES = 32 << 20;

/** In a scope of its own: its bodies are protobuf. */
export function installSpans(app: FastifyInstance, context: Context): void {
  const { connection, write } = context;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/x-protobuf",
    { parseAs: "buffer", bodyLimit: MAX_BYTES },
    (_, body, done) => done(null, body),
  );
  app.addContentTypeParser("*", (request, payload, done) => {
    payload.resume();
    const got = request.headers["content-type"] ?? "none";
    done(
      new ApiError(
        "INVALID_PARAMETER_VALUE",
        `Content-Type must be application/x-protobuf, got ${got}`,
      ),
    );
  });
  app.post("/v1/traces", { config: { role: "logger" } }, async (request, reply) => {
    const experiment = new Fields(request.headers).required("x-mlflow-experiment-id");
    const spans = readSpans((request.body as Buffer | undefined) ?? Buffer.alloc(0));
    await write(() => {
      const { id } = activeExperiment(context, experiment);
      const insert = connection.prepare("INSERT OR REPLACE INTO spans VALUES (?, ?, ?, ?, ?)");
      const trace = connection.prepare(
        `INSERT OR IGNORE INTO traces (id, experiment, request_time, state) VALUES (?, ?, ?, 'IN_PROGRESS')`,
      );
      for (const span of spans) {
        const traceId = `tr-${span.trace_id}`; // MLflow's name of an OpenTelemetry trace
        insert.run(
          traceId,
          span.span_id,
          id,
          span.start_time_unix_nano.padStart(20, "0"),
          JSON.stringify(span),
        );
        trace.run(traceId, id, Number(BigInt(span.start_time_unix_nano) / 1_000_000n));
        context.announce({ kind: "trace", experimentId: id, id: traceId });
      }
    });
    // An ExportTraceServiceResponse without a partial failure has no bytes.
    return reply.type("application/x-protobuf").send(Buffer.alloc(0));
  });
}
