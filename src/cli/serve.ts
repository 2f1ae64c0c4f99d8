/** @file Shows one finished page on this machine's loopback address until Ctrl-C. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Serves `file` at `/` and nothing else, to this machine alone.
 *
 * @param onReady called with the address once it answers
 */
export async function servePage(
  file: string,
  { onReady, signal }: { onReady: (address: string) => void; signal: AbortSignal },
): Promise<void> {
  const page = await readFile(file);
  const server = createServer((request, response) => {
    const host = request.headers.host ?? "";
    // Another site's page may resolve its own name to this address; it must not read ours.
    if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(host)) {
      response.writeHead(403, { "content-type": "text/plain" }).end(`unknown host ${host}\n`);
    } else if (request.url !== "/" || request.method !== "GET") {
      response.writeHead(404, { "content-type": "text/plain" }).end("only / is here\n");
    } else {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onReady(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  if (!signal.aborted) await once(signal, "abort");
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
