import { expect, test } from "vitest";
import { augmentPolicy } from "../../src/experiments/augment.ts";
import { AUGMENT_POLICIES } from "../../src/model/index.ts";

const policy = (name: string, metaTask: Parameters<typeof augmentPolicy>[0]["metaTask"]) =>
  AUGMENT_POLICIES[augmentPolicy({ name, metaTask })] as Record<string, unknown>;

test("no task whose answer is a place, a direction or a text is ever mirrored", () => {
  const tasks = [
    ["scene-where", "I-QA"],
    ["scene-grounding", "I-VG"],
    ["motion-class", "V-CLS"],
    ["clock-reading", "I-QA"],
    ["country-sheet", "D-RET"],
    ["writing-retrieval", "V-RET"],
  ] as const;
  for (const [name, metaTask] of tasks) expect(policy(name, metaTask)["mirror"] ?? 0, name).toBe(0);
});

test("no task whose answer is a colour or a style has its hue turned", () => {
  const tasks = [
    ["style-edit", "I-RET"],
    ["tone-edit", "I-RET"],
    ["radical-moment", "V-MRET"],
  ] as const;
  for (const [name, metaTask] of tasks) expect(policy(name, metaTask)["hue"] ?? 0, name).toBe(0);
});

test("naming a thing may change everything but the thing", () => {
  expect(augmentPolicy({ name: "label-to-image", metaTask: "I-RET" })).toBe("object");
});
