/** @file /webhooks: who is told when the registry changes. */
import { randomUUID } from "node:crypto";
import { type Call, type Context, type Route, route } from "../context.ts";
import { ApiError, invalid, missing } from "../errors.ts";
import { type Fields, maxResults } from "../fields.ts";
import { paged, pageOffset } from "../paging.ts";
import type { Deliveries } from "../webhooks/deliver.ts";
import {
  EVENTS,
  type EventName,
  exampleOf,
  type Payload,
  PROMPT_TAG,
  registryEvent,
  type RegistryEvent,
} from "../webhooks/events.ts";
import { omitNull } from "../wire.ts";

const MAX_PAGE = 1_000;
const MAX_TEXT = 2_048;
const STATUSES = ["ACTIVE", "DISABLED"] as const;

type Row = {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly description: string | null;
  readonly secret: string | null;
  readonly status: (typeof STATUSES)[number];
  /** JSON list of event names. */
  readonly events: string;
  readonly created_at: number;
  readonly updated_at: number;
};

/** Tells webhooks of a change that is committed. */
export type TellRegistry = (
  event: RegistryEvent,
  payload: Payload & { readonly name: string },
) => void;

export function registryTeller({ connection }: Context, deliveries: Deliveries): TellRegistry {
  return (event, payload) => {
    const hooks = connection
      .prepare<[], Row>("SELECT * FROM webhooks WHERE status = 'ACTIVE' ORDER BY created_at, id")
      .all();
    if (hooks.length === 0) return;
    const tag = connection
      .prepare<[string, string], string>(
        "SELECT value FROM registered_model_tags WHERE model = ? AND key = ?",
      )
      .pluck()
      .get(payload.name, PROMPT_TAG);
    const told = registryEvent(event, payload, tag?.toLowerCase() === "true");
    if (!told) return;
    for (const hook of hooks) {
      if (eventsOf(hook).includes(told.event)) deliveries.add(hook, told.event, told.payload);
    }
  };
}

/** All for admins: URLs may hold secrets, and a webhook makes this server send requests. */
export function webhookRoutes(
  { connection, write, now }: Context,
  deliveries: Deliveries,
): Route[] {
  const find = (fields: Fields): Row => {
    const id = fields.required("webhook_id");
    const row = connection.prepare<[string], Row>("SELECT * FROM webhooks WHERE id = ?").get(id);
    if (!row) throw missing(`Webhook with ID ${id} not found.`);
    return row;
  };
  const save = (row: Row): { webhook: object } => {
    connection
      .prepare(
        `INSERT OR REPLACE INTO webhooks
         VALUES (@id, @name, @url, @description, @secret, @status, @events, @created_at, @updated_at)`,
      )
      .run(row);
    return { webhook: wire(row) };
  };
  const urlOf = (url: string): string => {
    deliveries.check(url);
    return url;
  };

  const create = ({ fields }: Call) => {
    const given = {
      name: nameOf(fields.required("name")),
      url: urlOf(short(fields, "url") ?? fields.required("url")),
      events: JSON.stringify(eventFields(fields)),
      description: short(fields, "description") || null,
      secret: short(fields, "secret") || null,
      status: fields.choice("status", STATUSES) ?? "ACTIVE",
    };
    return write(() => {
      const time = now();
      return save({ id: randomUUID(), ...given, created_at: time, updated_at: time });
    });
  };

  const update = ({ fields }: Call) => {
    const name = fields.text("name");
    const url = short(fields, "url");
    const description = short(fields, "description");
    const secret = short(fields, "secret");
    const status = fields.choice("status", STATUSES);
    const given = {
      ...(name && { name: nameOf(name) }),
      ...(url && { url: urlOf(url) }),
      ...(fields.list("events").length > 0 && { events: JSON.stringify(eventFields(fields)) }),
      ...(description !== undefined && { description }),
      ...(secret && { secret }),
      ...(status !== undefined && { status }),
    };
    return write(() => save({ ...find(fields), ...given, updated_at: now() }));
  };

  const list = ({ fields }: Call) => {
    const limit = maxResults(fields, 100, MAX_PAGE);
    const offset = pageOffset(fields);
    const rows = connection
      .prepare<[number, number], Row>(
        "SELECT * FROM webhooks ORDER BY created_at DESC, id LIMIT ? OFFSET ?",
      )
      .all(limit + 1, offset);
    const { page, ...next } = paged(rows, offset, limit);
    return { ...(page.length > 0 && { webhooks: page.map(wire) }), ...next };
  };

  const test = async ({ fields }: Call) => {
    const row = find(fields);
    const asked = fields.object("event");
    const event = asked ? eventField(asked) : eventsOf(row)[0]!;
    try {
      const { status, body } = await deliveries.send(row, event, exampleOf(event));
      return { result: { success: status < 400, response_status: status, response_body: body } };
    } catch (error) {
      const message = `Failed to test webhook: ${(error as Error).message}`;
      return { result: { success: false, error_message: message } };
    }
  };

  return [
    route("POST /webhooks", create, "admin"),
    route("GET /webhooks", list, "admin"),
    route("GET /webhooks/{webhook_id}", ({ fields }) => ({ webhook: wire(find(fields)) }), "admin"),
    route("PATCH /webhooks/{webhook_id}", update, "admin"),
    route(
      "DELETE /webhooks/{webhook_id}",
      ({ fields }) =>
        write(() => {
          connection.prepare("DELETE FROM webhooks WHERE id = ?").run(find(fields).id);
          return {};
        }),
      "admin",
    ),
    route("POST /webhooks/{webhook_id}/test", test, "admin"),
  ];
}

/** The secret stays here. */
function wire(row: Row): Record<string, unknown> {
  return omitNull({
    webhook_id: row.id,
    name: row.name,
    description: row.description,
    url: row.url,
    events: eventsOf(row).map((event) => {
      const [entity, action] = event.toUpperCase().split(".");
      return { entity, action };
    }),
    status: row.status,
    creation_timestamp: row.created_at,
    last_updated_timestamp: row.updated_at,
  });
}

function eventsOf({ events }: Row): EventName[] {
  return JSON.parse(events) as EventName[];
}

function eventFields(fields: Fields): EventName[] {
  const events = fields.objects("events").map(eventField);
  if (events.length === 0) throw fields.absent("events");
  return [...new Set(events)];
}

function eventField(fields: Fields): EventName {
  const name = `${fields.required("entity")}.${fields.required("action")}`.toLowerCase();
  const event = EVENTS.find((known) => known === name);
  if (event !== undefined) return event;
  throw invalid(`No webhook event ${name.slice(0, 100)}: there are ${EVENTS.join(", ")}`);
}

function nameOf(name: string): string {
  if (/^[a-z\d](?:[\w.-]{0,61}[a-z\d])?$/i.test(name)) return name;
  throw new ApiError(
    "INVALID_PARAMETER_VALUE",
    `Webhook name ${JSON.stringify(name.slice(0, 100))} is invalid. It must start and end with a letter or digit, have at most 63 characters, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).`,
  );
}

function short(fields: Fields, name: string): string | undefined {
  const text = fields.text(name);
  if (text === undefined || text.length <= MAX_TEXT) return text;
  throw fields.wrong(name, text, `at most ${MAX_TEXT} characters`);
}
