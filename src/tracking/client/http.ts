/** @file Requests to an MLflow REST server: who we are, when to try again, what an error says. */

export type Credentials =
  | { readonly token: string }
  | { readonly username: string; readonly password: string };

export type HttpOptions = {
  /** Sent as `Authorization`: Bearer for a token, else Basic. */
  readonly credentials?: Credentials;
  /** Time one request may take. Default 30,000. */
  readonly timeoutMs?: number;
  /** How often a request is tried again that failed on the way, or with 429, 502, 503 or 504. Default 4. */
  readonly retries?: number;
};

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** An answer that is not a success, or none at all. */
export class TrackingApiError extends Error {
  /** HTTP status; 0 where the server could not be reached. */
  readonly status: number;
  /** MLflow's code, such as RESOURCE_DOES_NOT_EXIST. */
  readonly errorCode: string;

  constructor(status: number, errorCode: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TrackingApiError";
    this.status = status;
    this.errorCode = errorCode;
  }

  /** Whether the same request may succeed later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const FIRST_WAIT_MS = 100;

/** One server, by its base address. */
export class Http {
  readonly base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #retries: number;

  constructor(address: string, { credentials, timeoutMs = 30_000, retries = 4 }: HttpOptions) {
    if (!/^https?:\/\//.test(address)) {
      const text = `tracking server address must start with http:// or https://, got ${JSON.stringify(address)}`;
      throw new TrackingApiError(0, "INVALID_PARAMETER_VALUE", text);
    }
    this.base = address.replace(/\/+$/, "");
    this.#headers = credentials ? { authorization: authorization(credentials) } : {};
    this.#timeoutMs = timeoutMs;
    this.#retries = retries;
  }

  /** GET below `/api/2.0/mlflow`. */
  async get(path: string, query: Query = {}): Promise<unknown> {
    const response = await this.request("GET", `/api/2.0/mlflow${path}${queryText(query)}`);
    return response.json();
  }

  /** POST of a JSON body below `/api/2.0/mlflow`. `retries` overrides the client's own. */
  async post(path: string, body: unknown, retries = this.#retries): Promise<unknown> {
    const init = { body: JSON.stringify(body), type: "application/json", retries };
    const response = await this.request("POST", `/api/2.0/mlflow${path}`, init);
    return response.json();
  }

  /** Any request; fails with a TrackingApiError unless the status is 2xx. */
  async request(
    method: string,
    path: string,
    {
      body,
      type,
      retries = this.#retries,
    }: { body?: string | Uint8Array; type?: string; retries?: number } = {},
  ): Promise<Response> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(method, path, body, type);
      } catch (error) {
        const again = error instanceof TrackingApiError && error.passing && error.status !== 500;
        if (!again || attempt >= retries) throw error;
        const wait = FIRST_WAIT_MS * 2 ** attempt;
        await new Promise((done) => setTimeout(done, wait * (0.5 + Math.random())));
      }
    }
  }

  async #once(
    method: string,
    path: string,
    body: string | Uint8Array | undefined,
    type: string | undefined,
  ): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(this.base + path, {
        method,
        headers: { ...this.#headers, ...(type === undefined ? {} : { "content-type": type }) },
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
      });
    } catch (error) {
      const reason =
        error instanceof Error
          ? ((error.cause as Error | undefined)?.message ?? error.message)
          : String(error);
      const text = `${method} ${this.base}${path}: no answer (${reason})`;
      throw new TrackingApiError(0, "TEMPORARILY_UNAVAILABLE", text, { cause: error });
    }
    if (response.ok) return response;
    throw await errorOf(response, `${method} ${this.base}${path}`);
  }
}

async function errorOf(response: Response, doing: string): Promise<TrackingApiError> {
  const text = await response.text();
  let code = `HTTP_${response.status}`;
  let message = text.slice(0, 500);
  try {
    const parsed = JSON.parse(text) as { error_code?: unknown; message?: unknown };
    if (typeof parsed.error_code === "string") code = parsed.error_code;
    if (typeof parsed.message === "string") message = parsed.message;
  } catch {
    // Proxies answer in HTML: its beginning is all there is to say.
  }
  return new TrackingApiError(response.status, code, `${doing}: ${code}: ${message}`);
}

function authorization(credentials: Credentials): string {
  if ("token" in credentials) return `Bearer ${credentials.token}`;
  const { username, password } = credentials;
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? (value as string[]) : [String(value)]) {
      parameters.append(name, one);
    }
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
