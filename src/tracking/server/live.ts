/** @file /api/live: what changes, as server-sent events, for pages that are open. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Change } from "./context.ts";
import { Fields } from "./fields.ts";

/** Changes are gathered this long: a page redraws a few times a second, however fast points come. */
const GATHER_MS = 200;
const PING_MS = 15_000;
/** Events kept for a page that reconnects. */
const REMEMBERED = 1_000;

type Listener = { readonly reply: FastifyReply; readonly experiments: ReadonlySet<number> | null };

/**
 * Tells listeners, at most five times a second, which experiments, runs and models changed.
 *
 *     event: change
 *     id: 17
 *     data: [{"kind":"metrics","experimentId":1,"runId":"..."}]
 *
 * `?experiment_id=1` (repeatable) narrows it. A page that comes back with Last-Event-ID gets what it
 * missed; if that is no longer known, an event `reset` tells it to load everything again.
 */
export class LiveFeed {
  readonly #listeners = new Set<Listener>();
  readonly #events: { readonly id: number; readonly changes: readonly Change[] }[] = [];
  readonly #pending = new Map<string, Change>();
  #staged: Change[] = [];
  #id = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #ping = setInterval(() => this.#sendAll(": ping\n\n"), PING_MS).unref();

  /** Holds a change back until the transaction it belongs to is on disk. */
  stage(change: Change): void {
    this.#staged.push(change);
  }

  /** The transaction is on disk. */
  commit(): void {
    for (const change of this.#staged) {
      this.#pending.set(
        `${change.kind} ${change.runId ?? change.id ?? change.experimentId}`,
        change,
      );
    }
    this.#staged = [];
    if (this.#pending.size > 0)
      this.#timer ??= setTimeout(() => this.#publish(), GATHER_MS).unref();
  }

  listen(request: FastifyRequest, reply: FastifyReply): void {
    const experiments = new Fields(request.query).texts("experiment_id").map(Number);
    const listener = { reply, experiments: experiments.length > 0 ? new Set(experiments) : null };
    reply.hijack();
    const inherited = Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined);
    reply.raw.writeHead(200, {
      ...(Object.fromEntries(inherited) as Record<string, string>),
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    reply.raw.write(`retry: 2000\nid: ${this.#id}\nevent: ready\ndata: {}\n\n`);
    this.#catchUp(listener, request.headers["last-event-id"]);
    this.#listeners.add(listener);
    reply.raw.on("close", () => this.#listeners.delete(listener));
    reply.raw.on("error", () => this.#listeners.delete(listener));
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  close(): void {
    clearInterval(this.#ping);
    clearTimeout(this.#timer);
    for (const { reply } of this.#listeners) reply.raw.end();
    this.#listeners.clear();
  }

  #catchUp(listener: Listener, last: unknown): void {
    if (typeof last !== "string") return;
    const seen = Number(last);
    const oldest = this.#events[0]?.id ?? this.#id + 1;
    // An id of the future is one of the server before this one.
    if (!(seen >= oldest - 1 && seen <= this.#id)) {
      listener.reply.raw.write(`id: ${this.#id}\nevent: reset\ndata: {}\n\n`);
      return;
    }
    for (const event of this.#events) if (event.id > seen) this.#send(listener, event);
  }

  #publish(): void {
    this.#timer = undefined;
    const event = { id: ++this.#id, changes: [...this.#pending.values()] };
    this.#pending.clear();
    this.#events.push(event);
    if (this.#events.length > REMEMBERED) this.#events.shift();
    for (const listener of this.#listeners) this.#send(listener, event);
  }

  #send({ reply, experiments }: Listener, event: { id: number; changes: readonly Change[] }): void {
    const changes = event.changes.filter(
      ({ experimentId }) =>
        experiments === null || experimentId === undefined || experiments.has(experimentId),
    );
    if (changes.length === 0) return;
    reply.raw.write(`id: ${event.id}\nevent: change\ndata: ${JSON.stringify(changes)}\n\n`);
  }

  #sendAll(text: string): void {
    for (const { reply } of this.#listeners) reply.raw.write(text);
  }
}
