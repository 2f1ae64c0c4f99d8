import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { expect, test } from "vitest";
import {
  DataError,
  listTasks,
  loadTasks,
  readTask,
  writeTask,
  type BuiltTask,
} from "../../../src/data/index.ts";
import { writeParquet, type Column } from "../../../src/data/formats/parquet.ts";
import type { Query } from "../../../src/data/types.ts";
import { putMedia, smallTask, temporaryFolder } from "../support.ts";

const LONE = "\ud800";

/** The small task with its first query changed. */
function withQuery(change: Partial<Query>, task: Partial<BuiltTask> = {}): BuiltTask {
  const { queries } = smallTask();
  return smallTask({ queries: [{ ...queries[0]!, ...change }, queries[1]!], ...task });
}

test("writeTask names the query or candidate, the field, the value and what was expected", async () => {
  const root = temporaryFolder();
  putMedia(root);
  const cases: [string, BuiltTask, string][] = [
    ["name", smallTask({ name: "../up" }), 'name is "../up", expected letters, digits'],
    [
      "no positive",
      withQuery({ positives: new Map() }),
      "query q1: expected at least one positive",
    ],
    [
      "unknown positive",
      withQuery({ positives: new Map([["cow", 1]]) }),
      'query q1: positive is "cow", expected a candidate',
    ],
    [
      "grade 0",
      withQuery({ positives: new Map([["cat", 0]]) }),
      "query q1: grade of cat is 0, expected a finite number > 0",
    ],
    [
      "grade NaN",
      withQuery({ positives: new Map([["cat", Number.NaN]]) }),
      "grade of cat is NaN, expected a finite number > 0",
    ],
    [
      "not in pool",
      withQuery({ candidates: ["dog"] }),
      `query q1: positive is "cat", expected one of the query's candidates`,
    ],
    [
      "unknown in pool",
      withQuery({ candidates: ["cat", "cow"] }),
      'query q1: candidates is "cow", expected a candidate of the corpus',
    ],
    [
      "twice in pool",
      withQuery({ candidates: ["cat", "cat"] }),
      'query q1: candidates is "cat", expected every id once',
    ],
    ["id twice", withQuery({ id: "q2" }), "query q2: expected every query id once"],
    ["empty id", withQuery({ id: "" }), 'query id is "", expected a non-empty string'],
    [
      "empty item",
      withQuery({ item: { text: "" } }),
      "query q1: expected an item that holds something",
    ],
    [
      "wrong medium",
      withQuery({ item: { video: ["media/a/f 0.png"] } }),
      'query q1: video is ["media/a/f 0.png"], expected only text, image here',
    ],
    [
      "two media",
      withQuery(
        { item: { image: "media/a/f 0.png", video: ["media/a/f 0.png"] } },
        { modality: "video" },
      ),
      'it is ["image","video"], expected at most one of image, video, document',
    ],
    ["bad unicode", withQuery({ item: { text: LONE } }), "query q1: text is "],
    [
      "absolute path",
      withQuery({ item: { image: "/etc/passwd" } }),
      'image is "/etc/passwd", expected a path relative to the data root',
    ],
    [
      "path out",
      withQuery({ item: { image: "a/../../b.png" } }),
      'image is "a/../../b.png", expected a path relative to the data root',
    ],
    [
      "missing file",
      withQuery({ item: { image: "media/none.png" } }),
      "media/none.png: expected a readable file, used by small/test",
    ],
    [
      "label of nobody",
      smallTask({ labels: new Map([["cow", "x"]]) }),
      'label is "cow", expected the id of a candidate',
    ],
    [
      "empty candidate",
      smallTask({
        corpus: new Map([
          ["cat", {}],
          ["dog", { text: "d" }],
          ["owl", { text: "o" }],
        ]),
      }),
      "candidate cat: expected an item that holds something",
    ],
    ["pool in global scope", smallTask({ scope: "global" }), "query q1: candidates is "],
  ];
  for (const [name, task, message] of cases) {
    const writing = writeTask(root, task);
    await expect(writing, name).rejects.toThrow(message);
    await expect(writing, name).rejects.toBeInstanceOf(DataError);
  }
  const { candidates: _, ...bare } = smallTask().queries[0]!;
  await expect(writeTask(root, smallTask({ queries: [bare] }))).rejects.toThrow(
    "query q1: candidates is missing, expected ids: the scope is local",
  );
  expect(await listTasks(root)).toEqual([]);
});

/** The columns of a file as they were written, with one of them changed. */
async function rewrite(file: string, name: string, data: unknown[] | null): Promise<void> {
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(file) });
  const columns = Object.keys(rows[0]!).map((key): Column => {
    const values = key === name && data ? data : rows.map((row) => row[key] as unknown);
    const sample = values.find((value) => value !== null && value !== undefined);
    const list = Array.isArray(sample);
    const inner: unknown = list ? sample[0] : sample;
    const kind =
      typeof inner === "number" ? (list ? "numbers" : "number") : list ? "texts" : "text";
    return { name: key, kind, data: values.map((value) => value ?? null) } as Column;
  });
  await writeParquet(
    file,
    data === null ? columns.filter((column) => column.name !== name) : columns,
  );
}

async function written(task: BuiltTask): Promise<{ root: string; folder: string }> {
  const root = temporaryFolder();
  putMedia(root);
  await writeTask(root, task);
  return { root, folder: join(root, `${task.modality}-tasks`, task.name, task.split) };
}

test("bad rows of an image task are named by file, row and field", async () => {
  const cases: [string, unknown[] | null, string][] = [
    ["query_id", null, "row 0: query_id is missing, expected a string"],
    ["query_id", ["q1", null], "row 1: query_id is missing, expected a string"],
    ["query_id", ["q1", "q1"], "row 1: query q1, expected every query id once (first in row 0)"],
    [
      "tgt_grade",
      [
        [1, 0],
        [1, 0],
      ],
      "row 1: tgt_grade is [1,0], expected 3 entries, as in tgt_id",
    ],
    [
      "tgt_grade",
      [
        [1, 0],
        [-1, 0, 0],
      ],
      "row 1 (query q2): grade of dog is -1, expected a finite number > 0",
    ],
    [
      "tgt_grade",
      [
        [0, 0],
        [1, 0, 0],
      ],
      "row 0 (query q1): expected at least one positive",
    ],
    ["tgt_grade", ["one", "two"], 'row 0: tgt_grade is "one", expected a list of numbers'],
    [
      "tgt_text",
      [
        ["a cat", "a dog"],
        ["a wolf", "a cat", "an owl"],
      ],
      'row 1: candidate dog is {"text":"a wolf"}, expected what row 0 of ',
    ],
    [
      "tgt_text",
      [
        ["a cat", "a dog"],
        ["a dog", "a cat", ""],
      ],
      "row 1 (candidate owl): expected an item that holds something",
    ],
    [
      "tgt_id",
      [
        ["cat", "dog"],
        ["dog", "cat", "dog"],
      ],
      "row 1: candidate dog is ",
    ],
    [
      "tgt_label",
      [
        ["cat", null],
        [null, "lion", null],
      ],
      'row 1: candidate cat is {"text":"a cat","label":"lion"}, expected what row 0',
    ],
    [
      "qry_img_path",
      ["../secret.png", ""],
      'row 0 (query q1): image is "../secret.png", expected a path relative to the data root',
    ],
  ];
  for (const [field, data, message] of cases) {
    const { root, folder } = await written(smallTask());
    const file = join(folder, "annotations.parquet");
    await rewrite(file, field, data);
    const reading = readTask(root, "small", "test");
    await expect(reading, `${field} ${JSON.stringify(data)}`).rejects.toThrow(
      `${file}: ${message}`,
    );
  }
});

test("bad rows of training pairs, videos and documents are named too", async () => {
  const document = { document: "media/a/f 0.png" };
  const visdoc: BuiltTask = {
    ...smallTask({ name: "doc", modality: "visdoc", scope: "global" }),
    queries: [{ id: "q1", item: { text: "who" }, positives: new Map([["p1", 2]]) }],
    corpus: new Map([
      ["p1", document],
      ["p2", document],
    ]),
    labels: new Map(),
  };
  const video = smallTask({ name: "clip", modality: "video" });
  const cases: [BuiltTask, string, string, unknown[] | null, string][] = [
    [
      smallTask({ split: "train" }),
      "annotations",
      "pos_grade",
      ["a", "b"],
      'row 0: pos_grade is "a", expected a number',
    ],
    [
      smallTask({ split: "train" }),
      "annotations",
      "pos_id",
      ["cat", "cat"],
      "row 1: candidate cat is ",
    ],
    [smallTask({ split: "train" }), "annotations", "query_id", ["q1", "q1"], "expected "],
    [
      video,
      "annotations",
      "neg_text",
      [[], []],
      "row 0: neg_text is [], expected 1 texts, one for each target of grade 0",
    ],
    [visdoc, "qrels", "score", [Number.NaN], "row 0: score is NaN, expected a finite number >= 0"],
    [
      visdoc,
      "qrels",
      "corpus-id",
      ["p9"],
      'row 0: corpus-id is "p9", expected the corpus-id of a page',
    ],
    [
      visdoc,
      "qrels",
      "query-id",
      ["q9"],
      'row 0: query-id is "q1", expected the query-id of a judgement of score > 0',
    ],
    [visdoc, "corpus", "corpus-id", ["p1", "p1"], "expected 1, as the parquet files hold"],
    [visdoc, "corpus", "image", null, "expected an item that holds something"],
  ];
  for (const [task, file, field, data, message] of cases) {
    const { root, folder } = await written(task);
    await rewrite(join(folder, `${file}.parquet`), field, data);
    await expect(readTask(root, task.name, task.split), `${file} ${field}`).rejects.toThrow(
      message,
    );
  }
});

test("a bad task.json is named by field and value", async () => {
  const { root, folder } = await written(smallTask());
  const file = join(folder, "task.json");
  const good = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  const cases: [Record<string, unknown>, string][] = [
    [{ ...good, modality: "sound" }, 'modality is "sound", expected '],
    [{ ...good, version: 2 }, "version is 2, expected "],
    [{ ...good, extra: 1 }, "expected Unrecognized key"],
    [{ ...good, queries: 3 }, "queries is 3, expected 2, as the parquet files hold"],
    [{ ...good, name: "other" }, 'name is "other", expected small, as the folder is named'],
  ];
  for (const [content, message] of cases) {
    writeFileSync(file, JSON.stringify(content));
    await expect(readTask(root, "small", "test")).rejects.toThrow(`${file}: ${message}`);
  }
  writeFileSync(file, "{");
  await expect(readTask(root, "small", "test")).rejects.toThrow(
    `${file}: expected a readable JSON file (`,
  );
  rmSync(file);
  await expect(readTask(root, "small", "test")).rejects.toThrow(
    'task is "small", expected a task that is there',
  );
});

test("rows that were changed after they were written are noticed, and so is a missing file", async () => {
  const { root, folder } = await written(smallTask({ split: "train" }));
  const file = join(folder, "annotations.parquet");
  await rewrite(file, "query_label", ["dog", "cat"]);
  await expect(readTask(root, "small", "train")).rejects.toThrow(`${file}: sha256 is `);
  rmSync(join(folder, "corpus.parquet"));
  await expect(readTask(root, "small", "train")).rejects.toThrow(
    `row 1 (query q2): candidates is "owl", expected a candidate of the corpus`,
  );
});

test("listing and loading follow the filter", async () => {
  const { root } = await written(smallTask());
  await writeTask(root, smallTask({ split: "train" }));
  const { labels: _, ...text } = smallTask({ name: "words", modality: "text" });
  await writeTask(
    root,
    {
      ...text,
      queries: [
        { id: "q", item: { text: "x" }, positives: new Map([["cat", 1]]), candidates: ["cat"] },
      ],
    },
    { source: "a book", licence: "MIT" },
  );
  const names = async (filter: Parameters<typeof listTasks>[1]): Promise<string[]> =>
    (await listTasks(root, filter)).map(({ name, split }) => `${name}/${split}`);
  expect(await names({})).toEqual(["small/train", "small/test", "words/test"]);
  expect(await names({ split: "test" })).toEqual(["small/test", "words/test"]);
  expect(await names({ modality: ["text", "video"] })).toEqual(["words/test"]);
  expect(await names({ names: ["words"] })).toEqual(["words/test"]);
  const [info] = await listTasks(root, { names: ["words"] });
  expect(info).toMatchObject({ source: "a book", licence: "MIT", queries: 1, candidates: 3 });
  expect((await loadTasks(root, { modality: "text" })).map(({ name }) => name)).toEqual(["words"]);
  await expect(listTasks(root, { names: ["no"] })).rejects.toThrow(
    'task is "no", expected a task that is there',
  );
  await expect(readTask(root, "words", "train")).rejects.toThrow(
    'split of words is "train", expected one of test',
  );
  await expect(listTasks(join(root, "none"))).rejects.toThrow("none: expected a folder with tasks");
  const clash = smallTask({ name: "words" });
  await expect(writeTask(root, clash)).rejects.toThrow(
    "expected no text task of the name of this image task",
  );
});

test("the digest follows the content of media, not their names, and nothing else", async () => {
  const { root } = await written(smallTask());
  const digest = async (task: BuiltTask): Promise<string> => writeTask(root, task);
  const plain = await digest(smallTask());
  const { corpus, queries } = smallTask();
  expect(await digest(smallTask({ corpus: new Map([...corpus].toReversed()) }))).toBe(plain);
  const copy = "media/copy.png";
  writeFileSync(join(root, copy), Uint8Array.of(0));
  expect(await digest(withQuery({ item: { image: copy } }))).toBe(plain);
  const others = [
    withQuery({ item: { image: "media/c/f 2.png" } }),
    withQuery({ label: "dog" }),
    withQuery({ positives: new Map([["cat", 2]]) }),
    withQuery({ instruction: "Other." }),
    withQuery({ candidates: ["cat", "dog", "owl"] }),
    smallTask({ queries: queries.toReversed() }),
    smallTask({ labels: new Map([["cat", "feline"]]) }),
    smallTask({ corpus: new Map([...corpus, ["cow", { text: "a cow" }]]) }),
    smallTask({ queryInstruction: "Other." }),
    smallTask({ split: "dev" }),
  ];
  const digests = new Set([plain]);
  for (const task of others) digests.add(await digest(task));
  expect(digests.size).toBe(others.length + 1);
});
