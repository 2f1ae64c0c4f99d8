/** @file Where webhooks may go: to public addresses by https, so that no one reaches inner services through us. */
import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { invalid } from "../errors.ts";
import { shown } from "../fields.ts";

/** IANA's special-purpose ranges, multicast and reserved ones. */
const PRIVATE_4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
];
/** Inside global unicast: protocol assignments (Teredo too), documentation, 6to4, which carries IPv4. */
const SPECIAL_6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

function blockList(ranges: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net, bits] = range.split("/") as [string, string];
    list.addSubnet(net, Number(bits), family);
  }
  return list;
}

const NOT_PUBLIC_4 = blockList(PRIVATE_4, "ipv4");
const GLOBAL_6 = blockList(["2000::/3"], "ipv6");
const SPECIAL = blockList(SPECIAL_6, "ipv6");

/** Whether an IP address belongs to the open internet. IPv6 that wraps IPv4 does not. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !NOT_PUBLIC_4.check(address, "ipv4");
  return family === 6 && GLOBAL_6.check(address, "ipv6") && !SPECIAL.check(address, "ipv6");
}

/** The URL, if a webhook may have it. Names are checked when they are resolved: see `publicLookup`. */
export function checkWebhookUrl(text: string, allowPrivate: boolean): URL {
  const url = URL.parse(text);
  if (url === null) throw invalid(`Invalid webhook URL ${shown(text)}`);
  const schemes = allowPrivate ? ["https:", "http:"] : ["https:"];
  if (!schemes.includes(url.protocol)) {
    const allowed = schemes.map((scheme) => scheme.slice(0, -1)).join(", ");
    throw invalid(
      `Invalid webhook URL scheme: '${url.protocol.slice(0, -1)}'. Allowed schemes are: ${allowed}.`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid("Webhook URL must not hold a user or a password; use the secret");
  }
  const host = url.hostname.replace(/^\[|\]$/g, ""); // as 127.0.0.1 where 127.1 or 0x7f000001 was written
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw notPublic(host, host);
  return url;
}

/** Resolves a name for the very connection that is made, so that a second answer cannot differ from a first. */
export const publicLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return done(error, "", 0);
    const inner = addresses.find(({ address }) => !isPublicAddress(address));
    if (inner) return done(notPublic(hostname, inner.address), "", 0);
    if (options.all) return done(null, addresses);
    const { address, family } = addresses[0]!;
    done(null, address, family);
  });
};

function notPublic(host: string, address: string): Error {
  return invalid(
    `Webhook URL must not resolve to a non-public IP address. '${host}' resolves to ${address}. (rzenlab server --allow-private-webhooks permits it)`,
  );
}
