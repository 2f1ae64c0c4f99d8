/** @file `npm run lab [-- arguments of jupyter lab]`. */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { lab } from "../src/cli/commands/lab.ts";

try {
  process.exitCode = await lab({
    project: fileURLToPath(new URL("..", import.meta.url)),
    args: process.argv.slice(2),
    say: (text) => process.stderr.write(`lab: ${text}\n`),
  });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
