/** @file Runs of TensorBoard event files: scalars, hyperparameters, images and texts. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { StoreError } from "../error.ts";
import type { NewPoint } from "../types.ts";
import { filesBelow } from "./artifacts.ts";
import type { ForeignRun, RunSource } from "./import.ts";
import { field, fields } from "./protobuf.ts";
import { records } from "./tfrecord.ts";

export type TensorboardOptions = {
  /** Default: the folder's name. */
  readonly experiment?: string;
};

type Content = {
  readonly points: NewPoint[];
  readonly params: Record<string, string>;
  readonly artifacts: { path: string; source: Buffer | string }[];
  /** Values of kinds that no run of ours has, by kind. */
  readonly left: Map<string, number>;
  /** A tag's plugin, which writers give with its first value only. */
  readonly plugins: Map<string, string>;
  first: number;
  last: number;
};

const EVENT_FILE = /(^|\/)events\.out\.tfevents\.[^/]*$/;
/** TensorFlow's data types: number of the enum -> name. */
const FLOAT = 1;
const DOUBLE = 2;
const STRING = 7;

/** As in TensorBoard, each folder that holds event files is a run, named by its path. */
export function tensorboard(folder: string, options: TensorboardOptions = {}): RunSource {
  if (!existsSync(folder)) throw new StoreError("NOT_FOUND", `import: no folder ${folder}`);
  const byRun = new Map<string, string[]>();
  for (const { path } of filesBelow(folder)) {
    if (!EVENT_FILE.test(path)) continue;
    const run = dirname(path);
    byRun.set(run, [...(byRun.get(run) ?? []), join(folder, path)]);
  }
  if (byRun.size === 0) {
    const text = `import: no TensorBoard event files (events.out.tfevents.*) below ${folder}`;
    throw new StoreError("NOT_FOUND", text);
  }
  const experiment = options.experiment ?? basename(resolve(folder));
  const warnings: string[] = [];
  return {
    warnings,
    *runs() {
      for (const [run, files] of byRun) yield readRun(experiment, run, files, warnings);
    },
  };
}

function readRun(
  experiment: string,
  path: string,
  files: readonly string[],
  warnings: string[],
): ForeignRun {
  const content: Content = {
    points: [],
    params: {},
    artifacts: [],
    left: new Map(),
    plugins: new Map(),
    first: Infinity,
    last: -Infinity,
  };
  for (const file of files) {
    try {
      const damage = (what: string): unknown => warnings.push(`${file}: ${what}; read up to there`);
      for (const record of records(readFileSync(file), damage)) readEvent(record, content);
    } catch (error) {
      throw new StoreError("INVALID", `import: ${file}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  for (const [kind, count] of content.left) warnings.push(`run ${path}: ${count} ${kind} left out`);
  const seen = Number.isFinite(content.first);
  return {
    sourceId: `tensorboard:${experiment}/${path}:${content.first}`,
    experiment,
    name: path === "." ? experiment : path,
    status: "FINISHED",
    startTime: seen ? content.first : 0,
    endTime: seen ? content.last : null,
    params: content.params,
    tags: {},
    points: () => content.points,
    artifacts: () => content.artifacts,
  };
}

function readEvent(event: Buffer, content: Content): void {
  const wall = field(event, 1);
  const time = wall ? Math.round(wall.bytes.readDoubleLE() * 1_000) : 0;
  const step = field(event, 2)?.integer ?? 0;
  if (time > 0) {
    content.first = Math.min(content.first, time);
    content.last = Math.max(content.last, time);
  }
  const summary = field(event, 5);
  if (!summary) return;
  for (const { number, bytes } of fields(summary.bytes)) {
    if (number === 1) readValue(bytes, step, time, content);
  }
}

function readValue(value: Buffer, step: number, timestamp: number, content: Content): void {
  const key = field(value, 1)?.bytes.toString() ?? "";
  const plugin = pluginOf(value, key, content);
  const simple = field(value, 2);
  const tensor = field(value, 8)?.bytes;
  const image = field(value, 4);
  if (simple) {
    content.points.push({ key, value: simple.bytes.readFloatLE(), step, timestamp });
  } else if (plugin === "hparams") {
    readHparams(value, content);
  } else if (plugin === "scalars" && tensor) {
    const number = scalarOf(tensor);
    if (number === undefined) leave(content, "scalars of an unknown type");
    else content.points.push({ key, value: number, step, timestamp });
  } else if (image) {
    const encoded = field(image.bytes, 4)?.bytes ?? Buffer.alloc(0);
    content.artifacts.push({ path: artifactPath("images", key, step, "png"), source: encoded });
  } else if (plugin === "images" && tensor) {
    // Width and height as text come first, then each picture of the batch.
    for (const [i, { bytes }] of strings(tensor).slice(2).entries()) {
      const name = i === 0 ? key : `${key}-${i}`;
      content.artifacts.push({ path: artifactPath("images", name, step, "png"), source: bytes });
    }
  } else if (plugin === "text" && tensor) {
    const text = strings(tensor)
      .map(({ bytes }) => bytes.toString())
      .join("\n");
    content.artifacts.push({ path: artifactPath("texts", key, step, "md"), source: text });
  } else {
    leave(content, plugin ? `values of ${plugin}` : field(value, 5) ? "histograms" : "values");
  }
}

function pluginOf(value: Buffer, key: string, content: Content): string | undefined {
  const metadata = field(value, 9);
  const data = metadata && field(metadata.bytes, 1);
  const name = data && field(data.bytes, 1)?.bytes.toString();
  if (name) content.plugins.set(key, name);
  return content.plugins.get(key);
}

function scalarOf(tensor: Buffer): number | undefined {
  const type = field(tensor, 1)?.integer;
  const [listed, read] =
    type === FLOAT
      ? [5, (bytes: Buffer) => bytes.readFloatLE()]
      : type === DOUBLE
        ? [6, (bytes: Buffer) => bytes.readDoubleLE()]
        : [0, undefined];
  if (!read) return undefined;
  const bytes = field(tensor, 4)?.bytes ?? field(tensor, listed)?.bytes;
  return bytes && bytes.length >= (type === FLOAT ? 4 : 8) ? read(bytes) : undefined;
}

function strings(tensor: Buffer): { bytes: Buffer }[] {
  if (field(tensor, 1)?.integer !== STRING) return [];
  return [...fields(tensor)].filter(({ number }) => number === 8);
}

/** The session's parameters, a map from names to google.protobuf.Value. */
function readHparams(value: Buffer, content: Content): void {
  const data = field(field(value, 9)?.bytes ?? value, 1)?.bytes;
  const plugin = data && field(data, 2)?.bytes;
  const start = plugin && field(plugin, 3)?.bytes;
  if (!start) return; // the experiment's summary, or the session's end
  for (const { number, bytes } of fields(start)) {
    if (number !== 1) continue;
    const name = field(bytes, 1)?.bytes.toString();
    const worth = field(bytes, 2)?.bytes;
    if (name === undefined || worth === undefined) continue;
    for (const one of fields(worth)) {
      if (one.number === 2) content.params[name] = String(one.bytes.readDoubleLE());
      else if (one.number === 3) content.params[name] = one.bytes.toString();
      else if (one.number === 4) content.params[name] = String(one.integer !== 0);
    }
  }
}

function artifactPath(folder: string, tag: string, step: number, extension: string): string {
  const segments = tag.split("/").filter((part) => part !== "");
  const legal = segments.map((part) => encodeURIComponent(part).replace(/^\.+$/, "_"));
  return `${folder}/${legal.join("/")}/${step}.${extension}`;
}

function leave(content: Content, kind: string): void {
  content.left.set(kind, (content.left.get(kind) ?? 0) + 1);
}
