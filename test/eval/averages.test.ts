import { describe, expect, test } from "vitest";
import { averageScores, MMEB_V2, MMEB_V2_AVERAGES, mmebTask } from "../../src/eval/index.ts";

describe("MMEB-V2's table", () => {
  test("holds 36 image, 18 video and 24 document sets in 12 meta-tasks", () => {
    const count = (modality: string): number =>
      MMEB_V2.filter((t) => t.modality === modality).length;
    expect([count("image"), count("video"), count("visdoc")]).toEqual([36, 18, 24]);
    expect(new Set(MMEB_V2.map((t) => t.metaTask)).size).toBe(12);
    expect(new Set(MMEB_V2.map((t) => t.name)).size).toBe(78);
  });

  test("marks 20 image sets in-domain and 16 out-of-domain, and nothing else", () => {
    const image = MMEB_V2.filter((t) => t.modality === "image");
    expect(image.filter((t) => t.domain === "IND")).toHaveLength(20);
    expect(image.filter((t) => t.domain === "OOD")).toHaveLength(16);
    expect(MMEB_V2.filter((t) => t.modality !== "image" && t.domain !== null)).toEqual([]);
  });

  test("scores documents by linear nDCG@5 and the rest by hit@1", () => {
    for (const task of MMEB_V2) {
      expect(task.metric, task.name).toBe(task.modality === "visdoc" ? "ndcg_linear@5" : "hit@1");
    }
  });

  test("finds the page-fixed sets by both names", () => {
    expect(mmebTask("ViDoSeek-page-fixed")).toBe(mmebTask("ViDoSeek-page"));
    expect(mmebTask("nothing")).toBeUndefined();
  });
});

describe("published averages are reproduced", () => {
  test.each(Object.keys(MMEB_V2_AVERAGES))("%s", (model) => {
    const scores = MMEB_V2.map((task) => ({ ...task, score: task.referenceScores[model]! }));
    const averages = averageScores(scores, MMEB_V2);
    for (const [name, published] of Object.entries(MMEB_V2_AVERAGES[model]!)) {
      const own = averages.all.find((a) => a.name === name || a.name.endsWith(`/${name}`))!;
      // The table's scores are rounded to 0.01 (0.1 for some models' sets) before averaging.
      expect(Math.abs(own.value! - published), `${name}: ${own.value}`).toBeLessThan(0.06);
    }
  });

  test("overall is (36 image + 18 video + 24 visdoc) / 78, not the mean of three", () => {
    const model = "Qwen3-VL-Embedding-8B";
    const averages = averageScores(
      MMEB_V2.map((task) => ({ ...task, score: task.referenceScores[model]! })),
      MMEB_V2,
    );
    const [i, v, d] = ["image", "video", "visdoc"].map((m) => averages.get(m).value!);
    expect(averages.get("overall").value).toBeCloseTo((36 * i! + 18 * v! + 24 * d!) / 78, 10);
    expect(averages.get("overall").value).toBeCloseTo(77.82, 1);
  });
});

describe("small sets", () => {
  const key = { modality: "image", metaTask: "I-CLS", domain: "IND" };
  const expected = [
    { ...key, name: "one" },
    { ...key, name: "two", domain: "OOD" },
    { ...key, name: "three", metaTask: "I-QA" },
    { ...key, name: "doc", modality: "visdoc", metaTask: "OOD", domain: "OOD" },
    { ...key, name: "words", modality: "text", metaTask: "T-RET" },
  ];
  const score = (name: string, value: number): (typeof expected)[number] & { score: number } => ({
    ...expected.find((e) => e.name === name)!,
    score: value,
  });
  const full = [
    score("one", 1),
    score("two", 3),
    score("three", 5),
    score("doc", 9),
    score("words", 100),
  ];

  test("a modality is the mean of its sets, not of its meta-tasks", () => {
    const averages = averageScores(full, expected);
    expect(averages.get("image/I-CLS").value).toBe(2);
    expect(averages.get("image").value).toBe(3);
  });

  test("text stays beside: never in overall nor in the common IND", () => {
    const averages = averageScores(full, expected);
    expect(averages.get("text").value).toBe(100);
    expect(averages.get("overall")).toMatchObject({ value: 4.5, n: 4 });
    expect(averages.get("domain:IND").value).toBe(3);
    expect(averages.get("domain:OOD").value).toBe(6);
    expect(averages.get("image/domain:OOD").value).toBe(3);
    expect(averages.get("visdoc/OOD").level).toBe("metaTask");
  });

  test("a missing set withholds every average it belongs to, and is named", () => {
    const averages = averageScores(full.slice(1), expected);
    const overall = averages.get("overall");
    expect(overall.value).toBeNull();
    expect(overall).toMatchObject({ n: 3, expected: 4, missing: ["one"] });
    expect(overall.partial).toBeCloseTo((3 + 5 + 9) / 3, 12);
    expect(averages.get("image/I-CLS").value).toBeNull();
    expect(averages.get("image/I-QA").value).toBe(5);
    expect(averages.get("visdoc").value).toBe(9);
  });

  test("an average over nothing is null, not 0", () => {
    expect(averageScores([], expected).get("visdoc")).toMatchObject({
      value: null,
      partial: null,
      n: 0,
    });
  });

  test("refusals name the set", () => {
    expect(() => averageScores([full[0]!, full[0]!], expected)).toThrow("one has two scores");
    expect(() => averageScores([], [expected[0]!, expected[0]!])).toThrow("one is listed twice");
    expect(() => averageScores([{ ...full[0]!, name: "four" }], expected)).toThrow(
      "four is not one of the 5 data sets",
    );
    expect(() => averageScores([score("one", NaN)], expected)).toThrow("one has the score NaN");
    expect(() => averageScores(full, expected).get("audio")).toThrow(
      "no average audio; there are image/I-CLS",
    );
  });
});
