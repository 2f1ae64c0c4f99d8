/** @file Spans as OpenTelemetry's exporters send them (OTLP over HTTP, protobuf). */
import { ApiError } from "../errors.ts";
import { fieldsOf } from "./protobuf.ts";

export type Span = {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id: string | null;
  readonly name: string;
  readonly start_time_unix_nano: string;
  readonly end_time_unix_nano: string;
  readonly status: { readonly code: string; readonly message: string };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly object[];
};

const MAX_DEPTH = 64;

/** The spans of an ExportTraceServiceRequest: resource spans, scope spans, spans. */
export function readSpans(body: Buffer): Span[] {
  const spans: Span[] = [];
  for (const resource of fieldsOf(body)) {
    if (resource.number !== 1) continue;
    for (const scope of fieldsOf(resource.bytes)) {
      if (scope.number !== 2) continue;
      for (const span of fieldsOf(scope.bytes)) {
        if (span.number === 2) spans.push(readSpan(span.bytes));
      }
    }
  }
  return spans;
}

function readSpan(bytes: Buffer): Span {
  const ids = ["", "", ""];
  const attributes: Record<string, unknown> = {};
  const events: object[] = [];
  let name = "";
  let start = 0n;
  let end = 0n;
  let status = { code: "STATUS_CODE_UNSET", message: "" };
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) ids[0] = field.bytes.toString("hex");
    else if (field.number === 2) ids[1] = field.bytes.toString("hex");
    else if (field.number === 4) ids[2] = field.bytes.toString("hex");
    else if (field.number === 5) name = field.bytes.toString();
    else if (field.number === 7) start = field.integer;
    else if (field.number === 8) end = field.integer;
    else if (field.number === 9) readPair(field.bytes, attributes, 0);
    else if (field.number === 11) events.push(readEvent(field.bytes));
    else if (field.number === 15) status = readStatus(field.bytes);
  }
  const [trace_id, span_id, parent] = ids as [string, string, string];
  if (trace_id === "" || span_id === "") {
    throw new ApiError("INVALID_PARAMETER_VALUE", "A span has no trace_id or no span_id");
  }
  return {
    trace_id,
    span_id,
    parent_span_id: parent || null,
    name,
    start_time_unix_nano: String(start),
    end_time_unix_nano: String(end),
    status,
    attributes,
    events,
  };
}

function readPair(bytes: Buffer, into: Record<string, unknown>, depth: number): void {
  let key = "";
  let value: unknown = null;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) key = field.bytes.toString();
    else if (field.number === 2) value = readValue(field.bytes, depth);
  }
  Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
}

/** AnyValue: one of text, flag, integer, double, list, map, bytes. */
function readValue(bytes: Buffer, depth: number): unknown {
  if (depth > MAX_DEPTH)
    throw new ApiError("BAD_REQUEST", "A span's attribute is nested too deeply");
  for (const field of fieldsOf(bytes)) {
    switch (field.number) {
      case 1:
        return field.bytes.toString();
      case 2:
        return field.integer !== 0n;
      case 3:
        return Number(BigInt.asIntN(64, field.integer));
      case 4:
        return field.bytes.length === 8 ? field.bytes.readDoubleLE() : null;
      case 5:
        return [...fieldsOf(field.bytes)].map((item) => readValue(item.bytes, depth + 1));
      case 6: {
        const map: Record<string, unknown> = {};
        for (const item of fieldsOf(field.bytes)) readPair(item.bytes, map, depth + 1);
        return map;
      }
      case 7:
        return field.bytes.toString("base64");
      default:
    }
  }
  return null;
}

function readEvent(bytes: Buffer): object {
  const attributes: Record<string, unknown> = {};
  let name = "";
  let time = 0n;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) time = field.integer;
    else if (field.number === 2) name = field.bytes.toString();
    else if (field.number === 3) readPair(field.bytes, attributes, 0);
  }
  return { name, time_unix_nano: String(time), attributes };
}

function readStatus(bytes: Buffer): { code: string; message: string } {
  let code = "STATUS_CODE_UNSET";
  let message = "";
  for (const field of fieldsOf(bytes)) {
    if (field.number === 2) message = field.bytes.toString();
    else if (field.number === 3)
      code =
        ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"][Number(field.integer)] ?? code;
  }
  return { code, message };
}
