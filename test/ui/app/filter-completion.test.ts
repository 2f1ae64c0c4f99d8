/** @file What may come next in a filter, wherever the caret stands. */
import { describe, expect, test } from "vitest";
import { completionAt, fieldOf } from "../../../src/ui/app/filter-completion.ts";

const COLUMNS = [
  "name",
  "status",
  "startTime",
  "metrics.test/overall",
  "params.seed",
  "params.learning rate",
  "tags.note",
];

/** `|` is the caret. */
function at(marked: string, values?: readonly string[]) {
  const caret = marked.indexOf("|");
  return completionAt(marked.replace("|", ""), caret, COLUMNS, values);
}

describe("a field is due", () => {
  test.each(["|", "status = 'FINISHED' AND |", "(|", "NOT |", "params.seed IN (1, 2) or |"])(
    "%s",
    (text) => {
      expect(at(text).options).toEqual([...COLUMNS.map(fieldOf), "NOT"]);
    },
  );

  test("those that begin as typed come first", () => {
    const { from, to, options } = at("status = 'FINISHED' and s| and x");
    expect([from, to]).toEqual([24, 25]);
    expect(options.slice(0, 2)).toEqual(["status", "start_time"]);
    expect(options).toContain("params.seed");
  });

  test("a name with a blank is quoted", () => {
    expect(at("lear|").options).toEqual(['params."learning rate"']);
    expect(at('params."learning rate" |').options).toContain("=");
  });
});

describe("an operator is due", () => {
  test("numbers are compared, texts are matched too", () => {
    expect(at("metrics.test/overall |").options).toEqual(["=", "!=", "<", "<=", ">", ">="]);
    expect(at("run_name |").options).toContain("ILIKE");
    expect(at("run_name IL|").options).toEqual(["ILIKE"]);
    expect(at("tags.note NOT |").options).toEqual(["LIKE", "ILIKE", "RLIKE", "IN"]);
    expect(at("tags.note IS |").options).toEqual(["NULL", "NOT NULL"]);
  });
});

describe("a value is due", () => {
  test("the states of a run", () => {
    expect(at("status = |").options[0]).toBe("'FINISHED'");
    expect(at("status = 'FA|").options).toEqual(["'FAILED'"]);
    expect(at("status IN ('FAILED', 'K|").options).toEqual(["'KILLED'"]);
  });

  test("what runs have there: numbers bare, texts quoted", () => {
    expect(at("params.seed = |", ["0", "1"])).toMatchObject({
      column: "params.seed",
      options: ["0", "1"],
    });
    expect(at("tags.note = |", ["it's", "2"]).options).toEqual(["'it''s'", "'2'"]);
  });
});

test("after a value come the words that join", () => {
  for (const text of ["status = 'FINISHED' |", "params.seed < 3 |", "(tags.note IS NULL) |"]) {
    expect(at(text).options).toEqual(["AND", "OR"]);
  }
});
