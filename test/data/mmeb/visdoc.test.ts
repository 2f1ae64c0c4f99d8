import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadMmebTask, type MmebEntry } from "../../../src/data/index.ts";
import { put, temporaryFolder } from "../support.ts";
import { entryOf, putParquet } from "./fixtures.ts";

type Rows = Record<string, unknown>[];

function putBeir(
  root: string,
  { hfPath, hfSplit }: MmebEntry,
  files: { queries: Rows; corpus: Rows; qrels: Rows },
): void {
  for (const [name, rows] of Object.entries(files))
    putParquet(root, `${hfPath}/${name}/${hfSplit}-00000-of-00001.parquet`, rows);
}

const image = (bytes: string) => ({
  bytes: new Uint8Array(Buffer.from(bytes, "latin1")),
  path: "x.png",
});

test("ViDoRe: integer ids, grades, the larger of two judgements, pages from files or from the corpus", async () => {
  const root = temporaryFolder();
  const entry = entryOf("ViDoRe_esg_reports_human_labeled_v2");
  putBeir(root, entry, {
    queries: [
      { "query-id": 0n, query: "who", language: "english" },
      { "query-id": 1n, query: "was", language: "german" },
    ],
    corpus: [5n, 6n, 7n].map((id) => ({ "corpus-id": id, image: image(`\u0089PNG ${id}`) })),
    qrels: [
      { "query-id": 0n, "corpus-id": 5n, score: 1n },
      { "query-id": 0n, "corpus-id": 5n, score: 2n },
      { "query-id": 0n, "corpus-id": 6n, score: 0n },
      { "query-id": 1n, "corpus-id": 7n, score: 3n },
    ],
  });
  const folder = join(root, "visdoc-tasks/esg_reports_human_labeled_v2");
  put(root, "visdoc-tasks/esg_reports_human_labeled_v2/6.png", "there already");
  const task = await loadMmebTask(entry, { root });
  expect(task).toMatchObject({
    metric: "ndcg_linear@5",
    scope: "global",
    temperatureGroup: "document-retrieval",
    domain: null,
  });
  expect(task.queries.map(({ id, positives }) => [id, ...positives])).toEqual([
    ["0", ["5", 2]],
    ["1", ["7", 3]],
  ]);
  expect([...task.corpus]).toEqual(
    ["5", "6", "7"].map((id) => [id, { document: join(folder, `${id}.png`) }]),
  );
  // Bytes, not text decoded and encoded again.
  expect(readFileSync(join(folder, "5.png"), "latin1")).toBe("\u0089PNG 5");
  expect(readFileSync(join(folder, "6.png"), "latin1")).toBe("there already");
});

test("VisRAG: long page names are cut and hashed as the evaluator does", async () => {
  const root = temporaryFolder();
  const entry = entryOf("VisRAG_ChartQA");
  const id = `${"long name ".repeat(9)}é.jpg`;
  putBeir(root, entry, {
    queries: [{ "query-id": "q", query: "who" }],
    corpus: [{ "corpus-id": id, image: image("page") }],
    qrels: [{ "query-id": "q", "corpus-id": id, score: 1n }],
  });
  const task = await loadMmebTask(entry, { root });
  const hash = createHash("md5").update(id, "utf8").digest("hex").slice(0, 8);
  expect(task.corpus.get(id)!.document).toBe(
    join(root, `visdoc-tasks/VisRAG_ChartQA/${id.slice(0, 50)}_${hash}.jpg`),
  );
});

test("BEIR files that do not fit together are named", async () => {
  const good = {
    queries: [{ "query-id": "q", query: "who" }],
    corpus: [{ "corpus-id": "p", image: image("page") }],
    qrels: [{ "query-id": "q", "corpus-id": "p", score: 1n }],
  };
  const entry = entryOf("ViDoRe_docvqa");
  const cases: [Record<string, Rows>, string][] = [
    [
      { qrels: [{ "query-id": "q", "corpus-id": "x", score: 1n }] },
      'row 0: corpus-id is "x", expected the corpus-id of a page',
    ],
    [
      { qrels: [{ "query-id": "q", "corpus-id": "p", score: 0n }] },
      'row 0: query-id is "q", expected the query-id of a judgement of score > 0',
    ],
    [
      { qrels: [...good.qrels, { "query-id": "z", "corpus-id": "p", score: 1n }] },
      'row 1: query-id is "z", expected the query-id of a query',
    ],
    [
      { qrels: [{ "query-id": "q", "corpus-id": "p", score: -1n }] },
      "row 0: score is -1, expected a finite number >= 0",
    ],
    [
      { corpus: [{ "corpus-id": "p", image: "elsewhere" }] },
      'row 0: image is "elsewhere", expected image bytes, or a file ',
    ],
  ];
  for (const [change, message] of cases) {
    const root = temporaryFolder();
    putBeir(root, entry, { ...good, ...change });
    await expect(loadMmebTask(entry, { root })).rejects.toThrow(message);
  }
});

test("the digest follows sizes by default and content on demand", async () => {
  const root = temporaryFolder();
  const entry = entryOf("ViDoRe_docvqa");
  putBeir(root, entry, {
    queries: [{ "query-id": "q", query: "who" }],
    corpus: [{ "corpus-id": "p", image: image("page") }],
    qrels: [{ "query-id": "q", "corpus-id": "p", score: 1n }],
  });
  const digest = async (mediaDigest: "size" | "bytes"): Promise<string> =>
    (await loadMmebTask(entry, { root, mediaDigest })).digest;
  const [size, bytes] = [await digest("size"), await digest("bytes")];
  put(root, "visdoc-tasks/ViDoRe_docvqa/p.png", "PAGE");
  expect(await digest("size")).toBe(size);
  expect(await digest("bytes")).not.toBe(bytes);
  put(root, "visdoc-tasks/ViDoRe_docvqa/p.png", "longer");
  expect(await digest("size")).not.toBe(size);
});
