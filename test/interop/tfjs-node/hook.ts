/** @file Preload: TensorFlow.js from the folder that install.ts made, in this process and its workers. */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const from = pathToFileURL(join(process.env["TFJS_NODE_FOLDER"]!, "any.js")).href;
registerHooks({
  resolve: (name, context, next) =>
    next(name, name.startsWith("@tensorflow/") ? { ...context, parentURL: from } : context),
});
