import { expect, test } from "vitest";
import { transformCell } from "../../../src/kernel/transform/cell.ts";
import { SourceMaps } from "../../../src/kernel/user/source-maps.ts";

const add = (maps: SourceMaps, url: string, text: string): string => {
  const { code } = transformCell(text, url);
  maps.add(url, url, text, () => transformCell(text, url).map());
  return code;
};

test("a place in the code that runs is found in the text that was written", () => {
  const maps = new SourceMaps();
  const code = add(maps, "cell-1.ts", "enum Split { train }\n\nconst rows: number = miss;\n");
  const line = code.split("\n").findIndex((each) => each.includes("miss"));
  const column = code.split("\n")[line]!.indexOf("miss") + 1;
  expect(maps.find("cell-1.ts", line + 1, column)).toMatchObject({
    name: "cell-1.ts",
    line: 3,
    column: 22,
  });
  expect(maps.find("elsewhere.ts", 1, 1)).toBeUndefined();
});

test("the oldest texts go when there are too many, never the newest", () => {
  const maps = new SourceMaps(100);
  for (let i = 0; i < 5; i++) add(maps, `cell-${i}.ts`, `// ${"x".repeat(27)}`);
  const kept = [0, 1, 2, 3, 4].filter((i) => maps.find(`cell-${i}.ts`, 1, 1) !== undefined);
  expect(kept).toEqual([2, 3, 4]);
  // Shown again under its url, a text counts once.
  for (let i = 0; i < 9; i++) add(maps, "cell-4.ts", `// ${"y".repeat(27)}`);
  expect(maps.find("cell-2.ts", 1, 1)).toBeDefined();
  add(maps, "long.ts", `// ${"z".repeat(1000)}`);
  expect(maps.find("long.ts", 1, 1)?.name).toBe("long.ts");
  expect(maps.find("cell-4.ts", 1, 1)).toBeUndefined();
});
