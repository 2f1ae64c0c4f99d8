/** @file Serves one kernel until it is shut down. */
import { Kernel } from "./kernel.ts";
import { readConnection } from "./protocol/connection.ts";

/** Runs a kernel for a connection file in the current folder. Resolves when it has shut down. */
export async function serve(connectionFile: string): Promise<void> {
  const kernel = await Kernel.start({
    connection: readConnection(connectionFile),
    cwd: process.cwd(),
  });
  // From a terminal that runs the kernel, or from a front end that knows no interrupt message.
  process.on("SIGINT", () => kernel.interrupt());
  process.on("SIGTERM", () => kernel.shutdown());
  await kernel.closed;
}
