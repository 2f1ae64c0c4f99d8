import { expect, test } from "vitest";
import { tableOf } from "../../../src/ui/app/tables.ts";

test("CSV: quotes, commas and line breaks in a cell", () => {
  expect(tableOf("a.csv", 'n,text\r\n1,"a ""b"", c\nd"\r\n2,\n')).toEqual({
    columns: ["n", "text"],
    rows: [
      ["1", 'a "b", c\nd'],
      ["2", ""],
    ],
  });
});

test("JSON with columns and data is a table, any other is none", () => {
  const table = JSON.stringify({
    columns: ["q", "n"],
    data: [
      ["a", 1],
      [null, { x: 2 }],
    ],
  });
  expect(tableOf("eval.json", table)).toEqual({
    columns: ["q", "n"],
    rows: [
      ["a", "1"],
      ["null", '{"x":2}'],
    ],
  });
  expect(tableOf("config.json", '{"columns": 3}')).toBeNull();
  expect(tableOf("broken.json", "{")).toBeNull();
  expect(tableOf("notes.txt", "a,b")).toBeNull();
});
