/** @file Access tokens: who may use the server, and as what. Only argon2 hashes are stored. */
import { createHash, randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import type { Connection } from "../../database.ts";
import { StoreError } from "../../error.ts";
import { checkName, invalid } from "../../validate.ts";
import { type Role, ROLES } from "../context.ts";

export type Caller = { readonly name: string; readonly role: Role };
export type TokenInfo = Caller & { readonly createdAt: number };

type Row = TokenInfo & { readonly id: string; readonly hash: string };

/** OWASP's second choice for argon2id: 19 MiB, 2 passes. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const SECRET = /^rzl_([0-9a-f]{12})_[\w-]{43}$/;
const REMEMBERED = 1_000;

/** The tokens of a store. */
export class AccessTokens {
  readonly #connection: Connection;
  /** Digest of a secret that was verified -> the hash it was verified against. */
  readonly #verified = new Map<string, string>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Makes a token. The secret that it returns is nowhere kept: it cannot be shown again. */
  async create(name: string, role: Role, now = Date.now()): Promise<string> {
    checkName("token name", name);
    if (name.includes(":")) throw invalid("token name", name, "without colons (HTTP Basic)");
    if (!ROLES.includes(role)) throw invalid("token role", role, `one of ${ROLES.join(", ")}`);
    const id = randomBytes(6).toString("hex");
    const secret = `rzl_${id}_${randomBytes(32).toString("base64url")}`;
    const hashed = await hash(secret, ARGON2);
    this.#connection.transact(`create token ${name}`, () => {
      const { changes } = this.#connection
        .prepare("INSERT OR IGNORE INTO access_tokens VALUES (?, ?, ?, ?, ?)")
        .run(id, name, role, hashed, now);
      if (changes === 0)
        throw new StoreError("EXISTS", `a token named ${name} exists; remove it first`);
    });
    return secret;
  }

  /** What the token could do it can no longer from the next request on. */
  remove(name: string): void {
    this.#connection.transact(`remove token ${name}`, () => {
      const { changes } = this.#connection
        .prepare("DELETE FROM access_tokens WHERE name = ?")
        .run(name);
      if (changes === 0) throw new StoreError("NOT_FOUND", `no token named ${name}`);
    });
  }

  list(): TokenInfo[] {
    return this.#connection
      .prepare<[], TokenInfo>(
        "SELECT name, role, created_at AS createdAt FROM access_tokens ORDER BY name",
      )
      .all();
  }

  /** Whose secret this is; `name` is what HTTP Basic gave beside it. */
  async verify(secret: string, name?: string): Promise<Caller | undefined> {
    const id = SECRET.exec(secret)?.[1];
    if (id === undefined) return undefined;
    const row = this.#connection
      .prepare<[string], Row>("SELECT id, name, role, hash FROM access_tokens WHERE id = ?")
      .get(id);
    if (!row || (name !== undefined && name !== row.name)) return undefined;
    // Argon2 is slow on purpose; a secret that was right once is known by its digest.
    const digest = createHash("sha256").update(secret).digest("base64");
    if (this.#verified.get(digest) !== row.hash) {
      if (!(await verify(row.hash, secret))) return undefined;
      if (this.#verified.size >= REMEMBERED) this.#verified.clear();
      this.#verified.set(digest, row.hash);
    }
    return { name: row.name, role: row.role };
  }
}

/** Reads the header as MLflow's clients send it: Basic with name and secret, or Bearer. */
export function credentials(
  header: string | undefined,
): { readonly secret: string; readonly name?: string } | undefined {
  const [scheme, value] = header?.split(" ", 2) ?? [];
  if (scheme === undefined || value === undefined) return undefined;
  if (scheme.toLowerCase() === "bearer") return { secret: value };
  if (scheme.toLowerCase() !== "basic") return undefined;
  const text = Buffer.from(value, "base64").toString();
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { name: text.slice(0, colon), secret: text.slice(colon + 1) };
}
