/** @file Where artifacts lie: from MLflow's URIs and proxy paths to folders of the store. */
import { join } from "node:path";
import { checkArtifactPath } from "../artifacts.ts";
import { StoreError } from "../error.ts";
import { type Context } from "./context.ts";
import { ApiError, invalid, missing } from "./errors.ts";
import { experimentRoot, runRow } from "./wire.ts";

/** A folder of the store, and a path below it; empty for the folder itself. */
export type Place = {
  readonly folder: string;
  readonly path: string;
  /** The run whose artifact it is. */
  readonly run?: { readonly serial: number; readonly id: string };
};

const SCHEME = "mlflow-artifacts:";
const MAX_LOCATION = 500;

/** An artifact location that a client chooses for an experiment. */
export function checkLocation(location: string): void {
  // oxlint-disable-next-line no-control-regex -- control characters are what it refuses
  if (location.length > MAX_LOCATION || /[?#\u0000-\u001f]/.test(location)) {
    throw invalid(
      `Invalid artifact location ${JSON.stringify(location.slice(0, 100))}: it must be a URI of at most ${MAX_LOCATION} characters without ? and #`,
    );
  }
  if (location.startsWith(SCHEME)) checkPath(proxyPath(location));
}

/** Refuses every path that could lead elsewhere, however often it was encoded. */
export function checkPath(path: string): string {
  let decoded = path;
  try {
    for (;;) {
      check(decoded, path);
      const next = decodeURIComponent(decoded);
      if (next === decoded) return path;
      decoded = next;
    }
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return path; // a percent sign of its own, as in the names of log_image
  }
}

function check(decoded: string, path: string): void {
  try {
    checkArtifactPath(decoded);
    if (decoded.includes("#")) throw new StoreError("INVALID", "it holds a #");
  } catch (error) {
    const why = `Invalid path: ${JSON.stringify(path.slice(0, 200))} (${(error as Error).message})`;
    throw new ApiError("INVALID_PARAMETER_VALUE", why, { cause: error });
  }
}

/** What a proxy path (`<experiment>/<run>/artifacts/...`) stands for. */
export function proxyPlace(context: Context, proxied: string): Place {
  const path = checkPath(proxied);
  const ofModel = /^(.*?)\/models\/(m-[0-9a-f]{32})\/artifacts(?:\/(.*))?$/.exec(path);
  if (ofModel) return { ...modelPlace(context, ofModel[2]!), path: ofModel[3] ?? "" };
  const ofRun = /^(.*?)\/([0-9a-f]{32})\/artifacts(?:\/(.*))?$/.exec(path);
  if (!ofRun) return { folder: join(context.store.folder, "artifacts", "files"), path };
  const place = runPlace(context, ofRun[2]!, ofRun[3] ?? "");
  if (place.prefix === ofRun[1]) return place;
  throw missing(`Run ${ofRun[2]} keeps its artifacts in ${place.prefix}, not in ${ofRun[1]}`);
}

/** An artifact of a run, which the server must keep itself. */
export function runPlace(
  { connection, store }: Pick<Context, "connection" | "store">,
  runId: string,
  path: string,
): Place & { readonly rootUri: string; readonly prefix: string } {
  if (path !== "") checkPath(path);
  const row = runRow(connection, runId);
  const root = experimentRoot(row.experiment, row.location);
  if (!root.startsWith(SCHEME)) {
    throw invalid(`The artifacts of run ${runId} lie in ${root}, which this server does not serve`);
  }
  return {
    folder: join(store.folder, "artifacts", row.id),
    path,
    run: row,
    rootUri: `${root.replace(/\/$/, "")}/${row.id}/artifacts`,
    prefix: proxyPath(root),
  };
}

export function modelPlace({ store }: Pick<Context, "store">, modelId: string): Place {
  return { folder: join(store.folder, "artifacts", "models", modelId), path: "" };
}

/** `mlflow-artifacts:/a/b` and `mlflow-artifacts://host/a/b` are both `a/b`. */
function proxyPath(uri: string): string {
  return uri
    .slice(SCHEME.length)
    .replace(/^\/\/[^/]*/, "")
    .replaceAll(/^\/+|\/+$/g, "");
}
