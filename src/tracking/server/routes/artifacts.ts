/** @file Artifacts through the server: MLflow's proxy, the list of a run's, what browsers use. */
import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Call, type Context, type Role, type Route, route } from "../context.ts";
import { ApiError, missing } from "../errors.ts";
import { Fields } from "../fields.ts";
import { listFiles, receiveFile, removeFile, sendFile } from "../files.ts";
import { checkPath, modelPlace, type Place, proxyPlace, runPlace } from "../places.ts";
import { runId } from "./run-id.ts";

/** Endpoints beside MLflow's others. */
export function artifactRoutes(context: Context): Route[] {
  const list = async ({ fields }: Call) => {
    const path = fields.text("path") ?? "";
    const place = runPlace(context, runId(fields), path);
    const files = await listFiles(place, path);
    return { root_uri: place.rootUri, ...(files.length > 0 && { files }) };
  };
  const modelFiles = ({ fields }: Call): Place => {
    const id = fields.required("id");
    const known = context.connection
      .prepare<[string]>("SELECT 1 FROM models WHERE id = ? AND deleted_at IS NULL")
      .get(id);
    if (!known) throw missing(`Logged model with ID '${id}' not found.`);
    return modelPlace(context, id);
  };
  return [
    route("GET /artifacts/list", list),
    route("POST /artifacts/presigned-upload-url", noPresigned),
    route("POST /artifacts/presigned-download-url", noPresigned, "viewer"),
    route("GET /get-artifact", ({ fields, request, reply }) =>
      sendFile(runPlace(context, runId(fields), fields.required("path")), request, reply, {
        inline: fields.flag("preview"),
      }),
    ),
    route("GET /logged-models/{id}/artifacts/directories", async (call) => {
      const path = call.fields.text("artifact_directory_path") ?? "";
      if (path !== "") checkPath(path);
      const files = await listFiles({ ...modelFiles(call), path }, path);
      return files.length > 0 ? { files } : {};
    }),
    route("GET /logged-models/{id}/artifacts/files", (call) => {
      const path = checkPath(call.fields.required("artifact_file_path"));
      return sendFile({ ...modelFiles(call), path }, call.request, call.reply);
    }),
  ];
}

export type FileRoute = {
  readonly method: "GET" | "PUT" | "DELETE" | "POST";
  readonly url: string;
  readonly role: Role;
  readonly handler: Route["handler"];
};

/** Endpoints whose bodies are files. Mounted where bodies are streams. */
export function fileRoutes(context: Context, maxBytes: number): FileRoute[] {
  const proxied = ({ request }: Call): Place =>
    proxyPlace(context, (request.params as { "*": string })["*"]);

  const receive = async (place: Place, request: FastifyRequest) => {
    if (place.path === "")
      throw new ApiError("INVALID_PARAMETER_VALUE", "Invalid path: a file's name is missing");
    const { bytes, sha256 } = await receiveFile(place, bodyOf(request), maxBytes);
    const { run, path } = place;
    if (run) {
      await context.write(() => {
        context.connection
          .prepare("INSERT OR REPLACE INTO artifacts VALUES (?, ?, ?, ?, ?)")
          .run(run.serial, path, bytes, sha256, context.now());
        context.announce({ kind: "run", runId: run.id });
      });
    }
    return {};
  };

  const remove = async (call: Call) => {
    const place = proxied(call);
    if (place.path === "")
      throw new ApiError("INVALID_PARAMETER_VALUE", "Invalid path: a file's name is missing");
    await removeFile(place);
    const { run, path } = place;
    if (run) {
      await context.write(() =>
        context.connection
          .prepare("DELETE FROM artifacts WHERE run = ? AND (path = ? OR substr(path, 1, ?) = ?)")
          .run(run.serial, path, path.length + 1, `${path}/`),
      );
    }
    return {};
  };

  const list = async ({ fields }: Call) => {
    const path = (fields.text("path") ?? "").replace(/\/+$/, "");
    const place =
      path === "" ? { ...proxyPlace(context, "x"), path: "" } : proxyPlace(context, path);
    // Names are relative to the folder that is listed.
    const files = await listFiles(place, "");
    return files.length > 0 ? { files } : {};
  };

  const noMultipart = (): never => {
    throw new ApiError(
      "NOT_IMPLEMENTED",
      "Multipart uploads are for stores with presigned URLs; send the file in one PUT",
    );
  };

  const under = (url: string, routes: Omit<FileRoute, "url">[]): FileRoute[] =>
    ["/api", "/ajax-api"].flatMap((api) =>
      routes.map((one) => ({ ...one, url: `${api}/2.0/mlflow-artifacts${url}` })),
    );
  return [
    ...under("/artifacts/*", [
      {
        method: "GET",
        role: "viewer",
        handler: (call) => sendFile(proxied(call), call.request, call.reply),
      },
      { method: "PUT", role: "logger", handler: (call) => receive(proxied(call), call.request) },
      { method: "DELETE", role: "admin", handler: remove },
    ]),
    ...under("/artifacts", [{ method: "GET", role: "viewer", handler: list }]),
    ...under("/mpu/*", [{ method: "POST", role: "logger", handler: noMultipart }]),
    ...under("/presigned/*", [{ method: "GET", role: "viewer", handler: noPresigned }]),
    {
      method: "POST",
      url: "/ajax-api/2.0/mlflow/upload-artifact",
      role: "logger",
      handler: ({ request }) => {
        const query = new Fields(request.query);
        return receive(runPlace(context, runId(query), query.required("path")), request);
      },
    },
    {
      method: "GET",
      url: "/get-artifact",
      role: "viewer",
      handler: ({ fields, request, reply }) =>
        sendFile(runPlace(context, runId(fields), fields.required("path")), request, reply, {
          inline: fields.flag("preview"),
        }),
    },
  ];
}

/** Bodies are streams here. */
export function acceptFiles(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_, payload, done) => done(null, payload));
}

/** An upload of nothing has no body, and may have no content type. */
function bodyOf({ body, raw }: FastifyRequest): Readable {
  return (body as Readable | undefined) ?? raw;
}

/** As MLflow's own server says with a folder for its store. */
function noPresigned(): never {
  throw new ApiError(
    "NOT_IMPLEMENTED",
    "Presigned URLs are for stores in a cloud; artifacts go through this server",
  );
}
