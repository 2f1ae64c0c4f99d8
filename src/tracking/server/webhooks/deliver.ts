/** @file Sending webhooks: signed, tried again, never in the way of a request. */
import { createHmac, randomUUID } from "node:crypto";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { checkWebhookUrl, publicLookup } from "./address.ts";
import type { EventName, Payload } from "./events.ts";

export type WebhookOptions = {
  /** Lets webhooks go to this machine and its network, and by http. Default no. */
  readonly allowPrivate?: boolean;
  /** Before the second try; doubled for each further. Default a second. */
  readonly retryMs?: number;
  /** Told of a delivery that was given up. */
  readonly onFailure?: (message: string) => void;
};

/** Where a webhook goes. */
export type Target = { readonly url: string; readonly secret: string | null };
export type Delivered = { readonly status: number; readonly body: string };

const TRIES = 4;
const TIMEOUT_MS = 30_000;
const AT_ONCE = 10;
const MAX_WAITING = 10_000;
const MAX_ANSWER_BYTES = 64 << 10;
const PASSING = new Set([429, 500, 502, 503, 504]);

/** Deliveries that are under way. What has not gone out when the server closes is lost, as with MLflow. */
export class Deliveries {
  readonly #options: WebhookOptions;
  readonly #closing = new AbortController();
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** Throws on a URL that no webhook may have. */
  check(url: string): void {
    checkWebhookUrl(url, this.#options.allowPrivate === true);
  }

  /** Sends in the background. */
  add(target: Target, event: EventName, payload: Payload): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#fail(target, event, `${MAX_WAITING} deliveries are waiting`);
      return;
    }
    this.#waiting.push(() => this.#deliver(target, event, payload));
    this.#next();
  }

  /** Sends once, and says what was answered. */
  async send(
    { url: text, secret }: Target,
    event: EventName,
    payload: Payload,
  ): Promise<Delivered> {
    const url = checkWebhookUrl(text, this.#options.allowPrivate === true);
    const [entity, action] = event.split(".");
    const timestamp = new Date();
    const body = JSON.stringify({
      entity,
      action,
      timestamp: timestamp.toISOString(),
      data: payload,
    });
    const id = randomUUID();
    const seconds = String(Math.floor(timestamp.getTime() / 1_000));
    const headers = {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      "x-mlflow-delivery-id": id,
      "x-mlflow-timestamp": seconds,
      ...(secret !== null && { "x-mlflow-signature": signatureOf(secret, id, seconds, body) }),
    };
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const request = url.protocol === "https:" ? requestHttps : requestHttp;
    const guard = this.#options.allowPrivate === true ? {} : { lookup: publicLookup };
    const { promise, resolve, reject } = Promise.withResolvers<Delivered>();
    const sent = request(url, { method: "POST", headers, signal, agent: false, ...guard });
    sent.on("error", reject);
    sent.on("response", (response) => {
      readAnswer(response).then(
        (answer) => resolve({ status: response.statusCode!, body: answer }),
        reject,
      );
    });
    sent.end(body);
    return promise;
  }

  /** Ends what is under way. */
  close(): void {
    this.#waiting.length = 0;
    this.#closing.abort();
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const delivery = this.#waiting.shift();
      if (!delivery) return;
      this.#running++;
      void delivery().finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }

  async #deliver(target: Target, event: EventName, payload: Payload): Promise<void> {
    let wait = this.#options.retryMs ?? 1_000;
    for (let tries = 1; ; tries++) {
      let failure: string;
      try {
        const { status } = await this.send(target, event, payload);
        if (status < 400) return;
        failure = `it answered ${status}`;
        if (!PASSING.has(status)) tries = TRIES;
      } catch (error) {
        failure = (error as Error).message;
      }
      if (this.#closing.signal.aborted) return;
      if (tries >= TRIES) return this.#fail(target, event, failure);
      await sleep(wait, undefined, { ref: false });
      wait *= 2;
    }
  }

  /** Without the URL's path: it may be a secret. */
  #fail({ url }: Target, event: EventName, why: string): void {
    this.#options.onFailure?.(`webhook to ${URL.parse(url)?.origin} of ${event} given up: ${why}`);
  }
}

/** As MLflow signs: `v1,` and the HMAC-SHA256 of id, seconds and body. */
export function signatureOf(secret: string, id: string, seconds: string, body: string): string {
  const digest = createHmac("sha256", secret).update(`${id}.${seconds}.${body}`).digest("base64");
  return `v1,${digest}`;
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(parts).subarray(0, MAX_ANSWER_BYTES).toString();
}
