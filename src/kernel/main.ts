/** @file Entry of the kernel process: `node src/kernel/main.ts <connection file>`, as kernelspecs start it. */
import { enableCompileCache } from "node:module";

enableCompileCache();
const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write("usage: node src/kernel/main.ts <connection file>\n");
  process.exit(2);
}
const { serve } = await import("./serve.ts");
try {
  await serve(file);
  process.exit(0);
} catch (error) {
  process.stderr.write(`kernel: ${(error as Error).message}\n`);
  process.exit(1);
}
