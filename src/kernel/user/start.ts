/** @file Entry of the user process: what was compiled before is not compiled again, the kernel's own code included. */
import { enableCompileCache } from "node:module";

enableCompileCache();
await import("./main.ts");
