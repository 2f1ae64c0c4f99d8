/** @file A tracking server as a process to be killed. Arguments: store folder, port. Says "ready". */
import { writeSync } from "node:fs";
import { createTrackingServer } from "../../src/tracking/server/index.ts";
import { RunWriter } from "../../src/tracking/writer.ts";

const [folder, port] = process.argv.slice(2) as [string, string];
const store = RunWriter.open(folder);
const app = createTrackingServer({
  store,
  onError: (error, request) => {
    process.stderr.write(`${request.method} ${request.url}: ${String(error)}\n`);
  },
});
await app.listen({ port: Number(port), host: "127.0.0.1" });
writeSync(1, "ready\n");
process.once("SIGTERM", () => {
  void app.close().then(() => store.close());
});
