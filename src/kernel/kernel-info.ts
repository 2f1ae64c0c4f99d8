/** @file `kernel_info_request`: who answers, in which language. */
import { createRequire } from "node:module";
import type { Handler } from "./context.ts";
import { PROTOCOL_VERSION } from "./protocol/wire.ts";

const require = createRequire(import.meta.url);

function versionOf(manifest: string): string {
  return (require(manifest) as { version: string }).version;
}

function typescriptVersion(): string {
  try {
    return versionOf("typescript/package.json");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    return "7";
  }
}

export const kernelInfo: Handler = {
  whileBusy: true,
  handle: () => {
    const version = versionOf("../../package.json");
    return {
      protocol_version: PROTOCOL_VERSION,
      implementation: "rzenlab",
      implementation_version: version,
      language_info: {
        name: "typescript",
        version: typescriptVersion(),
        mimetype: "text/typescript",
        file_extension: ".ts",
        pygments_lexer: "typescript",
        codemirror_mode: { name: "text/typescript" },
        nbconvert_exporter: "script",
      },
      banner: `TypeScript (RzenLab ${version}) on Node ${process.version}`,
      debugger: true,
      supported_features: ["debugger"],
      help_links: [
        { text: "TypeScript", url: "https://www.typescriptlang.org/docs/" },
        { text: "Node.js", url: "https://nodejs.org/docs/latest-v24.x/api/" },
      ],
    };
  },
};
