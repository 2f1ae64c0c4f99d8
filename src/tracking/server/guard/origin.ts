/** @file Which names the server answers to, and which pages may speak to it. */
import { ApiError } from "../errors.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host) || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Refuses requests to names that are not ours (another site's name may be made to resolve to this
 * address) and from pages of other origins.
 */
export function checkOrigin(
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
  allowedHosts: ReadonlySet<string>,
): void {
  const host = headers.host ?? "";
  const name = host.replace(/:\d+$/, "").toLowerCase();
  if (!LOOPBACK.has(name) && !allowedHosts.has(name)) {
    const text = `Invalid Host header ${JSON.stringify(host.slice(0, 100))}: possible DNS rebinding; start the server with --allow-host to answer to it`;
    throw new ApiError("PERMISSION_DENIED", text);
  }
  const { origin } = headers;
  if (
    origin === undefined ||
    origin.replace(/^https?:\/\//, "").toLowerCase() === host.toLowerCase()
  ) {
    return;
  }
  const text = `Cross-origin request from ${JSON.stringify(origin.slice(0, 100))} refused`;
  throw new ApiError("PERMISSION_DENIED", text);
}

/** On every answer that brings no stricter one of its own. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; frame-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "SAMEORIGIN",
  "referrer-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};
