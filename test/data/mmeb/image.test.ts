import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadMmebTask, readMmebTrain, writeTask } from "../../../src/data/index.ts";
import { put, putMedia, smallTask, temporaryFolder } from "../support.ts";
import { entryOf, putParquet } from "./fixtures.ts";

const REPOSITORY = "ziyjiang/MMEB_Test_Instruct";
const picture = (root: string, path: string): string => put(root, `image-tasks/MMEB/${path}`, path);

test("classification: the first text is the positive, texts are the keys, placeholders go", async () => {
  const root = temporaryFolder();
  for (const name of ["a", "b"]) picture(root, `VOC2007/${name}.jpg`);
  const row = (name: string, texts: string[]) => ({
    qry_inst: "<|image_1|>\nIdentify the object shown in the image.",
    qry_text: "",
    qry_img_path: `VOC2007/${name}.jpg`,
    tgt_text: texts,
  });
  putParquet(root, `${REPOSITORY}/VOC2007/test-00000-of-00001.parquet`, [
    row("a", ["cat", "dog", "cow"]),
    row("b", ["dog", "cat", "dog"]),
  ]);
  const task = await loadMmebTask(entryOf("VOC2007"), { root });
  expect(task).toMatchObject({
    name: "VOC2007",
    metaTask: "I-CLS",
    domain: "IND",
    scope: "local",
    metric: "hit@1",
    split: "test",
    temperatureGroup: "image-classification",
  });
  expect(task.queryInstruction).toBe("Identify the object shown in the image.");
  expect(task.queries.map(({ id, item, candidates }) => [id, item, candidates])).toEqual([
    ["0", { image: join(root, "image-tasks/MMEB/VOC2007/a.jpg") }, ["cat", "dog", "cow"]],
    ["1", { image: join(root, "image-tasks/MMEB/VOC2007/b.jpg") }, ["dog", "cat"]],
  ]);
  expect(task.queries.map(({ positives }) => [...positives])).toEqual([[["cat", 1]], [["dog", 1]]]);
  expect(Object.fromEntries(task.corpus)).toEqual({
    cat: { text: "cat" },
    dog: { text: "dog" },
    cow: { text: "cow" },
  });
});

test("text to image: the path is the key, captions belong to the target where the set has them", async () => {
  const root = temporaryFolder();
  for (const name of ["a", "b"]) picture(root, `${name}.jpg`);
  const row = (captions: string[]) => ({
    qry_inst: "Find a Wikipedia image that answers this question.",
    qry_text: "Who?",
    tgt_inst: "<|image_1|> Represent the given Wikipedia image with related text information.",
    tgt_text: captions,
    tgt_img_path: ["a.jpg", "b.jpg"],
  });
  putParquet(root, `${REPOSITORY}/WebQA/test-0.parquet`, [row(["A caption", "<|image_1|> B"])]);
  const webqa = await loadMmebTask(entryOf("WebQA"), { root });
  expect(webqa.targetInstruction).toBe(
    "Represent the given Wikipedia image with related text information.",
  );
  expect(webqa.queries[0]!.item).toEqual({ text: "Who?" });
  expect([...webqa.corpus]).toEqual([
    ["a.jpg", { text: "A caption", image: join(root, "image-tasks/MMEB/a.jpg") }],
    ["b.jpg", { text: "B", image: join(root, "image-tasks/MMEB/b.jpg") }],
  ]);
  putParquet(root, `${REPOSITORY}/VisDial/test-0.parquet`, [row([" ", " "])]);
  const visdial = await loadMmebTask(entryOf("VisDial"), { root });
  expect(visdial.corpus.get("a.jpg")).toEqual({ image: join(root, "image-tasks/MMEB/a.jpg") });
});

test("grounding: two objects of one picture are two candidates, told apart by their caption", async () => {
  const root = temporaryFolder();
  picture(root, "a.jpg");
  const row = {
    qry_inst: "<|image_1|> Select the portion of the image that follows the language expressions.",
    qry_text: "the left one",
    qry_img_path: "a.jpg",
    tgt_inst: "<|image_1|> Select the portion:",
    tgt_text: ['"the left one"', '"the right one"', '"the left one"'],
    tgt_img_path: ["a.jpg", "a.jpg", "a.jpg"],
  };
  putParquet(root, `${REPOSITORY}/RefCOCO-Matching/test-0.parquet`, [row]);
  const task = await loadMmebTask(entryOf("RefCOCO-Matching"), { root });
  expect(task.queries[0]!.candidates).toEqual(["a.jpg:the left one", "a.jpg:the right one"]);
  expect(task.corpus.get("a.jpg:the right one")!.text).toBe('"the right one"');
});

test("what is wrong with a download is named", async () => {
  const root = temporaryFolder();
  const load = (name: string) => loadMmebTask(entryOf(name), { root });
  await expect(load("VOC2007")).rejects.toThrow(
    `${REPOSITORY}: expected the repository's files, as downloaded from the hub`,
  );
  const good = {
    qry_inst: "i",
    qry_text: "q",
    qry_img_path: "a.jpg",
    tgt_text: ["x"],
    tgt_img_path: ["a.jpg"],
    tgt_inst: "t",
  };
  const file = putParquet(root, `${REPOSITORY}/CIRR/test-0.parquet`, [good]);
  await expect(load("VOC2007")).rejects.toThrow(
    "expected a .parquet, .json or .jsonl file of config VOC2007 and split test",
  );
  await expect(load("CIRR")).rejects.toThrow(
    "image-tasks/MMEB/a.jpg: expected a readable file, used by CIRR/test",
  );
  picture(root, "a.jpg");
  await load("CIRR");
  const cases: [Record<string, unknown>[], string][] = [
    [
      [{ ...good, tgt_text: ["x", "y"] }],
      'row 0: tgt_text is ["x","y"], expected 1 captions, one for each tgt_img_path',
    ],
    [
      [good, { ...good, tgt_inst: "other" }],
      'row 1: tgt_inst is "other", expected the instruction of the rows before: t',
    ],
    [
      [{ ...good, tgt_text: [], tgt_img_path: [] }, good],
      "row 0: tgt_text is [], expected at least one target",
    ],
    [
      [{ qry_inst: "i", qry_text: "q", tgt_text: ["x"], tgt_img_path: ["a.jpg"] }],
      "row 0: qry_img_path is missing, expected a string",
    ],
    [
      [{ ...good, qry_img_path: "../../../etc/passwd" }],
      "expected a path relative to the data root",
    ],
  ];
  for (const [rows, message] of cases) {
    putParquet(root, `${REPOSITORY}/CIRR/test-0.parquet`, rows);
    const loading = load("CIRR");
    await expect(loading).rejects.toThrow(message);
    await expect(loading).rejects.toThrow(file);
  }
});

test("a task we wrote, put where the hub has it, reads with the same pools", async () => {
  const root = temporaryFolder();
  putMedia(root);
  // Ids as MMEB's own rule would make them, media where MMEB's are.
  const { queries, corpus } = smallTask();
  const ids = (id: string): string => corpus.get(id)!.text!;
  const named = smallTask({
    name: "VOC2007",
    queries: queries.map(({ positives, candidates, ...query }) => ({
      ...query,
      positives: new Map([...positives].map(([id, grade]) => [ids(id), grade])),
      candidates: candidates!.map(ids),
    })),
    corpus: new Map([...corpus.values()].map((item) => [item.text!, item])),
    labels: new Map(),
  });
  await writeTask(root, named);
  putMedia(join(root, "image-tasks/MMEB"));
  const annotations = readFileSync(join(root, "image-tasks/VOC2007/test/annotations.parquet"));
  put(root, `${REPOSITORY}/VOC2007/test-0.parquet`, annotations);
  const task = await loadMmebTask(entryOf("VOC2007"), { root });
  expect(task.queryInstruction).toBe("Classify.");
  expect(task.queries.map(({ candidates }) => candidates)).toEqual([
    ["a cat", "a dog"],
    ["a dog", "a cat", "an owl"],
  ]);
  expect([...task.corpus]).toEqual([...named.corpus]);
});

test("MMEB-train: rows become pairs, equal targets one candidate, the placeholder goes", async () => {
  const root = temporaryFolder();
  const repository = "TIGER-Lab/MMEB-train";
  for (const name of ["a", "b", "c"]) put(root, `${repository}/images/${name}.jpg`, name);
  const row = (image: string, answer: string) => ({
    qry: `<|image_1|>\nRepresent the image: what is it?\n`,
    qry_image_path: `${image}.jpg`,
    pos_text: answer,
    pos_image_path: "",
    neg_text: "",
    neg_image_path: "",
  });
  const rows = [row("a", "cat"), row("b", "dog"), row("c", "cat")];
  putParquet(root, `${repository}/OK-VQA/original-00000-of-00001.parquet`, rows);
  putParquet(root, `${repository}/OK-VQA/diverse_instruction-00000-of-00001.parquet`, [
    { ...rows[0]!, qry: "<|image_1|> Say it" },
  ]);
  const options = {
    root,
    subset: "OK-VQA",
    metaTask: "I-QA",
    temperatureGroup: "image-qa",
  } as const;
  const task = await readMmebTrain(options);
  expect(
    task.queries.map(({ item, positives }) => [item.text, item.image, [...positives.keys()]]),
  ).toEqual([
    ["Represent the image: what is it?", join(root, repository, "images/a.jpg"), ["cat"]],
    ["Represent the image: what is it?", join(root, repository, "images/b.jpg"), ["dog"]],
    ["Represent the image: what is it?", join(root, repository, "images/c.jpg"), ["cat"]],
  ]);
  expect([...task.corpus.keys()]).toEqual(["cat", "dog"]);
  expect((await readMmebTrain({ ...options, limit: 2 })).queries).toHaveLength(2);
  const diverse = await readMmebTrain({ ...options, split: "diverse_instruction" });
  expect(diverse.queries.map(({ item }) => item.text)).toEqual(["Say it"]);
});
