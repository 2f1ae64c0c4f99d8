/** @file The rules of the normal form: what a task must satisfy, and the one way of writing it down. */
import { posix } from "node:path";
import { DataError } from "../error.ts";
import type { Item, Modality, Query, Task } from "../types.ts";

/** A task before its digest is known. */
export type BuiltTask = Omit<Task, "digest">;

/** What a task says besides its queries and candidates. */
export type TaskHeader = Omit<BuiltTask, "queries" | "corpus" | "labels">;

/** The header alone, its fields in a fixed order. */
export function headerOf(task: TaskHeader): TaskHeader {
  const { name, split, modality, metaTask, kind, domain, scope, metric } = task;
  const { queryInstruction, targetInstruction, temperatureGroup } = task;
  return {
    name,
    split,
    modality,
    metaTask,
    kind,
    domain,
    scope,
    metric,
    queryInstruction,
    targetInstruction,
    temperatureGroup,
  };
}

const FIELDS: Readonly<Record<Modality, readonly (keyof Item)[]>> = {
  text: ["text"],
  image: ["text", "image"],
  video: ["text", "image", "video"],
  visdoc: ["text", "document"],
};

const NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Code unit order: the same on every machine, unlike a locale's. */
export function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Where an error about a query or candidate points to. */
export type Place = { readonly file: string; readonly row: string };
export type Locate = (what: "query" | "candidate", id: string) => Place;

/**
 * Checks `task` and gives its canonical form: empty text dropped, positives first in `candidates`,
 * corpus and labels in id order. Throws a DataError that names the place that `locate` gives
 * for the query or candidate, by default `file` and its id.
 */
export function normalise(
  task: BuiltTask,
  file: string,
  locate: Locate = (what, id) => ({ file, row: `${what} ${id}` }),
): BuiltTask {
  if (!NAME.test(task.name)) {
    throw new DataError({
      file,
      field: "name",
      value: task.name,
      expected: "letters, digits, dot, plus, minus or underscore, starting with a letter or digit",
    });
  }
  const fields = FIELDS[task.modality];
  const corpus = new Map<string, Item>();
  for (const [id, item] of [...task.corpus].toSorted(([a], [b]) => byCodeUnit(a, b))) {
    checkId(id, file, "candidate");
    corpus.set(id, normaliseItem(item, { place: locate("candidate", id), fields }));
  }
  const seen = new Set<string>();
  const queries = task.queries.map((query) => {
    checkId(query.id, file, "query");
    const place = locate("query", query.id);
    if (seen.has(query.id)) throw new DataError({ ...place, expected: "every query id once" });
    seen.add(query.id);
    return normaliseQuery(query, { task, place, fields });
  });
  const labels = normaliseLabels(task, corpus, file);
  return { ...headerOf(task), queries, corpus, ...(labels && { labels }) };
}

/** Whether `path` is written in the one way a path below the root can be. */
function isInside(path: string): boolean {
  if (path === "" || path.includes("\\") || path.includes("\0") || posix.isAbsolute(path))
    return false;
  return (
    posix.normalize(path) === path && path !== "." && !path.startsWith("..") && !path.endsWith("/")
  );
}

function checkId(id: string, file: string, what: string): void {
  if (id === "" || LONE_SURROGATE.test(id)) {
    throw new DataError({ file, field: `${what} id`, value: id, expected: "a non-empty string" });
  }
}

type ItemContext = {
  readonly place: Place;
  readonly fields: readonly (keyof Item)[];
};

function normaliseItem(item: Item, { place, fields }: ItemContext): Item {
  const given = (["text", "image", "video", "document"] as const).filter(
    (field) => item[field] !== undefined && item[field].length > 0,
  );
  for (const field of given) {
    const value = item[field];
    if (!fields.includes(field)) {
      throw new DataError({ ...place, field, value, expected: `only ${fields.join(", ")} here` });
    }
    for (const text of typeof value === "string" ? [value] : value!) {
      if (LONE_SURROGATE.test(text)) {
        throw new DataError({ ...place, field, value: text, expected: "well-formed Unicode" });
      }
      if (field !== "text" && !isInside(text)) {
        const expected = "a path relative to the data root, with / and without . or ..";
        throw new DataError({ ...place, field, value: text, expected });
      }
    }
  }
  if (given.length === 0)
    throw new DataError({ ...place, expected: "an item that holds something" });
  if (given.filter((field) => field !== "text").length > 1) {
    throw new DataError({
      ...place,
      value: given,
      expected: "at most one of image, video, document",
    });
  }
  return Object.fromEntries(given.map((field) => [field, item[field]]));
}

type QueryContext = ItemContext & { readonly task: BuiltTask };

function normaliseQuery(query: Query, { task, place, fields }: QueryContext): Query {
  const { id, positives, candidates, label, instruction } = query;
  if (positives.size === 0) throw new DataError({ ...place, expected: "at least one positive" });
  for (const [positive, grade] of positives) {
    if (!task.corpus.has(positive)) {
      throw new DataError({
        ...place,
        field: "positive",
        value: positive,
        expected: "a candidate",
      });
    }
    if (!(grade > 0 && Number.isFinite(grade))) {
      const field = `grade of ${positive}`;
      throw new DataError({ ...place, field, value: grade, expected: "a finite number > 0" });
    }
  }
  if (candidates === undefined && task.scope === "local" && task.split !== "train") {
    throw new DataError({
      ...place,
      field: "candidates",
      value: undefined,
      expected: "ids: the scope is local",
    });
  }
  if (candidates !== undefined && task.scope === "global") {
    throw new DataError({
      ...place,
      field: "candidates",
      value: candidates,
      expected: "none: the scope is global",
    });
  }
  const item = normaliseItem(query.item, { place, fields });
  return {
    id,
    item,
    positives,
    ...(candidates && { candidates: normalisePool(query, { task, place }) }),
    ...(label !== undefined && { label }),
    ...(instruction !== undefined && instruction !== task.queryInstruction && { instruction }),
  };
}

/** The pool with the positives first, in their own order (MMEB: candidate 0 is the positive). */
function normalisePool(
  { candidates = [], positives }: Query,
  { task, place }: { task: BuiltTask; place: Place },
): string[] {
  const pool = new Set(candidates);
  if (pool.size !== candidates.length) {
    const twice = candidates.find((id, i) => candidates.indexOf(id) !== i);
    throw new DataError({ ...place, field: "candidates", value: twice, expected: "every id once" });
  }
  for (const id of positives.keys()) {
    if (!pool.has(id)) {
      throw new DataError({
        ...place,
        field: "positive",
        value: id,
        expected: "one of the query's candidates",
      });
    }
  }
  for (const id of pool) {
    if (!task.corpus.has(id)) {
      throw new DataError({
        ...place,
        field: "candidates",
        value: id,
        expected: "a candidate of the corpus",
      });
    }
  }
  return [...positives.keys(), ...candidates.filter((id) => !positives.has(id))];
}

function normaliseLabels(
  { labels }: BuiltTask,
  corpus: ReadonlyMap<string, Item>,
  file: string,
): Map<string, string> | undefined {
  if (!labels || labels.size === 0) return undefined;
  for (const id of labels.keys()) {
    if (!corpus.has(id)) {
      throw new DataError({ file, field: "label", value: id, expected: "the id of a candidate" });
    }
  }
  const sorted = new Map<string, string>();
  for (const id of corpus.keys()) if (labels.has(id)) sorted.set(id, labels.get(id)!);
  return sorted;
}

/** The media paths of an item: frames, or at most one picture. */
export function mediaOf({ image, video, document }: Item): readonly string[] {
  if (video) return video;
  const single = image ?? document;
  return single === undefined ? [] : [single];
}

/** The same item with its paths passed through `map`. */
export function mapMedia(item: Item, map: (path: string) => string): Item {
  const { image, video, document } = item;
  if (image !== undefined) return { ...item, image: map(image) };
  if (video !== undefined) return { ...item, video: video.map(map) };
  return document === undefined ? item : { ...item, document: map(document) };
}
