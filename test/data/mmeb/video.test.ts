import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadMmebTask, type Task } from "../../../src/data/index.ts";
import { put, temporaryFolder } from "../support.ts";
import { entryOf, putFrames, putParquet } from "./fixtures.ts";

/** Writes annotations and frames of a data set and loads it. */
async function load(
  root: string,
  name: string,
  rows: Record<string, unknown>[],
  frames: readonly string[],
): Promise<Task> {
  const entry = entryOf(name);
  const folder = entry.parser === "mvbench" || entry.hfConfig === null ? "data" : entry.hfConfig;
  putParquet(root, `${entry.hfPath}/${folder}/${entry.hfSplit}-00000-of-00001.parquet`, rows);
  for (const each of frames) putFrames(root, each);
  return loadMmebTask(entry, { root });
}

const framePaths = (root: string, folder: string): string[] =>
  [1, 2, 10].map((i) => join(root, `video-tasks/frames/${folder}/frame_${i}.jpg`));

const texts = (task: Task): Record<string, string | undefined> =>
  Object.fromEntries([...task.corpus].map(([id, { text }]) => [id, text]));

test("classification: the pool is every class of the set, global", async () => {
  const root = temporaryFolder();
  const labels = Array.from({ length: 10 }, (_, i) => `class_${i}`);
  const rows = labels.map((label, i) => ({ video_id: `v${i}`, pos_text: label }));
  const frames = rows.map(({ video_id }) => `video_cls/Breakfast/${video_id}`);
  const task = await load(root, "Breakfast", rows, frames);
  expect(task.scope).toBe("global");
  expect(task.queries[0]!.candidates).toBeUndefined();
  expect(task.queries[3]!.item).toEqual({ video: framePaths(root, "video_cls/Breakfast/v3") });
  expect([...task.corpus.keys()]).toEqual(labels);
});

test("classes that no row shows come from classes.txt, and are missed without it", async () => {
  const root = temporaryFolder();
  const rows = [{ video_id: "v0", pos_text: "pancake" }];
  const loading = load(root, "Breakfast", rows, ["video_cls/Breakfast/v0"]);
  await expect(loading).rejects.toThrow(
    "number of classes is 1, expected 10: put Breakfast's class names into classes.txt there, one a line",
  );
  const names = ["pancake", ...Array.from({ length: 9 }, (_, i) => `other ${i}`)];
  put(root, "VLM2Vec/Breakfast/classes.txt", `${names.join("\n")}\n`);
  const task = await load(root, "Breakfast", rows, []);
  expect([...task.corpus.keys()].toSorted()).toEqual(names.toSorted());
});

test("Something-Something: neg_text holds the whole local pool", async () => {
  const root = temporaryFolder();
  const rows = [
    { video_id: 7n, pos_text: "Closing a box", neg_text: ["Opening a box", "Closing a box"] },
  ];
  const task = await load(root, "SmthSmthV2", rows, ["video_cls/SSv2/7"]);
  expect(task.queries[0]!.candidates).toEqual(["Closing a box", "Opening a box"]);
});

test("MVBench: lettered options in query and candidates; the config is the folder of frames", async () => {
  const root = temporaryFolder();
  const entry = entryOf("MVBench");
  const row = { video: "a.mp4", question: "What?", candidates: ["run", "sit"], answer: "sit" };
  putParquet(root, `${entry.hfPath}/action_count/train-00000-of-00001.parquet`, [row]);
  put(
    root,
    `${entry.hfPath}/json/object_shuffle.json`,
    JSON.stringify([{ ...row, answer: "run" }]),
  );
  for (const subset of ["action_count", "object_shuffle"])
    putFrames(root, `video_qa/MVBench/${subset}/a.mp4`);
  const task = await loadMmebTask(entry, { root });
  const [first, second] = task.queries;
  expect(first!.item.text).toBe("What?\nOptions:\n(A) run\n(B) sit");
  expect(first!.item.video).toEqual(framePaths(root, "video_qa/MVBench/action_count/a.mp4"));
  expect(second!.item.video).toEqual(framePaths(root, "video_qa/MVBench/object_shuffle/a.mp4"));
  expect([...first!.positives.keys()]).toEqual(["(B) sit"]);
  expect(texts(task)).toEqual({ "(A) run": "(A) run", "(B) sit": "(B) sit" });
  putParquet(root, `${entry.hfPath}/action_count/train-00000-of-00001.parquet`, [
    { ...row, answer: "fly" },
  ]);
  await expect(loadMmebTask(entry, { root })).rejects.toThrow(
    'row 0: answer is "fly", expected one of ["run","sit"]',
  );
});

test("Video-MME and EgoSchema: keyed by the lettered option, embedded without the letter", async () => {
  const root = temporaryFolder();
  const options = ["A. The cat.", "B. A dog", "C. e.g. two."];
  const mme = await load(
    root,
    "Video-MME",
    [{ videoID: "x", question: "Who?", options, answer: "C" }],
    ["video_qa/Video-MME/x"],
  );
  expect(mme.queries[0]!.item.text).toBe("Who?\nA. The cat.\nB. A dog\nC. e.g. two.");
  expect(texts(mme)).toEqual({
    "A. The cat.": "The cat",
    "B. A dog": "A dog",
    "C. e.g. two.": "e.g. two",
  });
  expect(mme.queries[0]!.candidates![0]).toBe("C. e.g. two.");
  const row = { video_idx: "x", question: "Who?", option: options, answer: "1", question_idx: 5n };
  const ego = await load(root, "EgoSchema", [row], ["video_qa/EgoSchema/x"]);
  expect(ego.queries[0]!.item.text).toBe("Who?A. The cat. B. A dog C. e.g. two.");
  expect([...ego.queries[0]!.positives.keys()]).toEqual(["B. A dog"]);
  const wrong = load(root, "EgoSchema", [{ ...row, answer: "3" }], []);
  await expect(wrong).rejects.toThrow('answer is "3", expected a letter or index of 3 options');
});

test("NExTQA: bare options as candidates, lettered ones in the query, integers as ids", async () => {
  const root = temporaryFolder();
  const row = {
    video: 474n,
    question: "why",
    answer: 2n,
    qid: 1n,
    type: "CW",
    a0: "p",
    a1: "q",
    a2: "r",
    a3: "s",
    a4: "t",
  };
  const task = await load(root, "NExTQA", [row], ["video_qa/NExTQA/474"]);
  expect(task.queries[0]!.item.text).toBe("why\nOptions:\n(A) p\n(B) q\n(C) r\n(D) s\n(E) t");
  expect(task.queries[0]!.candidates).toEqual(["r", "p", "q", "s", "t"]);
});

test("ActivityNetQA: yes and no only", async () => {
  const root = temporaryFolder();
  const row = (answer: string) => ({
    video_name: "x",
    question: "is it red",
    answer,
    question_id: "1",
  });
  const task = await load(
    root,
    "ActivityNetQA",
    [row("yes"), row("blue"), row("no")],
    ["video_qa/ActivityNetQA/v_x"],
  );
  expect(task.queries.map(({ id, positives }) => [id, ...positives.keys()])).toEqual([
    ["0", "yes"],
    ["2", "no"],
  ]);
  expect(task.queries[0]!.item.text).toBe("is it red? (A) yes; (B) no.");
});

test("text to video: one clip a row, all rows' clips the global pool", async () => {
  const cases: [string, string, Record<string, unknown>[], string[]][] = [
    [
      "MSR-VTT",
      "MSR-VTT",
      [
        { video_id: "v1", video: "v1.mp4", caption: "one" },
        { video_id: "v2", video: "v2.mp4", caption: "two" },
      ],
      ["v1", "v2"],
    ],
    [
      "MSVD",
      "MSVD",
      [
        { video_id: "v1", video: "v1.avi", caption: ["one", "uno"] },
        { video_id: "v2", video: "v2.avi", caption: ["two"] },
      ],
      ["v1", "v2"],
    ],
    [
      "DiDeMo",
      "DiDeMo",
      [
        { video: "test/a.b.mp4", caption: "one" },
        { video: "test/c.mov", caption: "two" },
      ],
      ["a.b", "c"],
    ],
    [
      "VATEX",
      "VATEX",
      [
        { videoID: "v1", enCap: ["one", "uno"] },
        { videoID: "v2", enCap: ["two"] },
      ],
      ["v1", "v2"],
    ],
    [
      "YouCook2",
      "YouCook2",
      [
        { id: "v1", video_path: "x/v1.mp4", sentence: "one" },
        { id: "v2", video_path: "x/v2.mp4", sentence: "two" },
      ],
      ["v1", "v2"],
    ],
  ];
  for (const [name, folder, rows, ids] of cases) {
    const root = temporaryFolder();
    const task = await load(
      root,
      name,
      rows,
      ids.map((id) => `video_ret/${folder}/${id}`),
    );
    expect(
      task.queries.map(({ item, positives }) => [item.text, ...positives.keys()]),
      name,
    ).toEqual([
      ["one", ids[0]],
      ["two", ids[1]],
    ]);
    expect([...task.corpus.keys()], name).toEqual(ids);
    expect(task.corpus.get(ids[1]!), name).toEqual({
      video: framePaths(root, `video_ret/${folder}/${ids[1]}`),
    });
    expect(task.targetInstruction).toBe("Understand the content of the provided video.");
  }
});

test("moment retrieval: query, positives and negatives are folders of the video", async () => {
  const root = temporaryFolder();
  const base = "video_mret/Charades_STA/vid";
  const clips = ["query", "positive_1", "positive_2", "negative_2", "negative_10"].map(
    (name) => `${base}/${name}`,
  );
  put(root, `video-tasks/frames/${base}/info.json`, "{}");
  const rows = [{ query: "opens a door", video_path: "/data/vid.mp4" }];
  const task = await load(root, "Charades-STA", rows, clips);
  const [query] = task.queries;
  expect(query!.item).toEqual({ text: "opens a door", video: framePaths(root, `${base}/query`) });
  expect([...query!.positives.keys()].map((id) => id.split("/").at(-1))).toEqual([
    "positive_1",
    "positive_2",
  ]);
  expect(query!.candidates!.map((id) => id.split("/").at(-1))).toEqual([
    "positive_1",
    "positive_2",
    "negative_2",
    "negative_10",
  ]);
  for (const name of ["positive_1", "positive_2"])
    rmSync(join(root, "video-tasks/frames", base, name), { recursive: true });
  await expect(load(root, "Charades-STA", rows, [])).rejects.toThrow(
    "vid: expected a sub-folder positive*",
  );
  await expect(
    load(root, "Charades-STA", [{ query: "x", video_path: "none.mp4" }], []),
  ).rejects.toThrow("none: row 0: expected a folder, named by ");
});

test("MomentSeeker: text, picture and clip queries, each with its instruction, several positives", async () => {
  const root = temporaryFolder();
  const frames = (...paths: string[]) => paths.map((output_path) => ({ output_path }));
  const row = (query: string, input_frames: string) => ({
    query,
    positive_frames: frames("m/a.mp4", "m/b.mp4"),
    negative_frames: frames("m/c.mp4"),
    input_frames,
  });
  const rows = [row("text", ""), row("picture", "p.jpg"), row("clip", "m/q.mp4")];
  put(root, "video-tasks/frames/video_mret/MomentSeeker/query_p.jpg", "p");
  const base = "video_mret/MomentSeeker/video_frames";
  const task = await load(
    root,
    "MomentSeeker",
    rows,
    ["m_a", "m_b", "m_c", "m_q"].map((name) => `${base}/${name}`),
  );
  expect(task.queries.map(({ item }) => Object.keys(item))).toEqual([
    ["text"],
    ["text", "image"],
    ["text", "video"],
  ]);
  expect(task.queries.map(({ instruction }) => instruction)).toEqual([
    undefined,
    "Select the video clip that aligns with the given text and image:",
    "Find the clip that corresponds to the given sentence and video segment:",
  ]);
  expect(task.queries[0]!.positives.size).toBe(2);
  expect(task.queries[0]!.candidates).toHaveLength(3);
  await expect(
    load(root, "MomentSeeker", [{ ...row("x", ""), positive_frames: ["a"] }], []),
  ).rejects.toThrow('row 0: positive_frames is ["a"], expected a list of {output_path}');
});

test("frames that are missing are named", async () => {
  const root = temporaryFolder();
  const rows = [{ video_id: "v1", video: "v1.mp4", caption: "one" }];
  await expect(load(root, "MSR-VTT", rows, [])).rejects.toThrow(
    "video-tasks/frames/video_ret/MSR-VTT/v1: expected a folder of frames",
  );
});

test("JSON annotations are read and their errors placed", async () => {
  const root = temporaryFolder();
  const entry = entryOf("VATEX");
  putFrames(root, "video_ret/VATEX/v1");
  const file = put(root, `${entry.hfPath}/test.jsonl`, '{"videoID":"v1","enCap":["one"]}\n\n');
  expect((await loadMmebTask(entry, { root })).queries).toHaveLength(1);
  put(root, `${entry.hfPath}/test.jsonl`, '{"videoID":"v1","enCap":["one"]}\n{"videoID":');
  await expect(loadMmebTask(entry, { root })).rejects.toThrow(`${file}: row 1: expected JSON (`);
  put(root, `${entry.hfPath}/test.jsonl`, "[1]");
  await expect(loadMmebTask(entry, { root })).rejects.toThrow(
    `${file}: row 0: it is 1, expected an object`,
  );
});
