import { expect, test } from "vitest";
import { Versions } from "../../../src/kernel/user/modules/versions.ts";

type Files = Record<string, readonly string[]>;

/** `main` imports two that meet again; `a`, `b` and `c` are a circle that also needs `leaf`; `alone` is by itself. */
const FILES: Files = {
  main: ["left", "right"],
  left: ["leaf", "a"],
  right: ["leaf", "not there"],
  a: ["b"],
  b: ["c", "leaf"],
  c: ["a", "b"],
  leaf: [],
  alone: ["alone"],
};

const versions = (changed?: string, order = Object.keys(FILES)): Record<string, string> => {
  const all = new Versions((path) => {
    const imports = FILES[path];
    return imports && { hash: path === changed ? "new" : "old", imports };
  });
  return Object.fromEntries(order.map((path) => [path, all.of(path)]));
};

const affected = (changed: string): string[] => {
  const [before, after] = [versions(), versions(changed)];
  return Object.keys(FILES).filter((path) => before[path] !== after[path]);
};

test("a change reaches the file and whatever imports it, directly or not, and nothing else", () => {
  expect(affected("leaf")).toEqual(["main", "left", "right", "a", "b", "c", "leaf"]);
  expect(affected("right")).toEqual(["main", "right"]);
  expect(affected("main")).toEqual(["main"]);
  expect(affected("alone")).toEqual(["alone"]);
});

test("files that import each other in a circle change together", () => {
  for (const each of ["a", "b", "c"])
    expect(affected(each)).toEqual(["main", "left", "a", "b", "c"]);
  const { a, b, c } = versions();
  expect([b, c]).toEqual([a, a]);
});

test("it does not matter which file is asked for first", () => {
  const expected = versions();
  for (const first of Object.keys(FILES)) {
    const order = [first, ...Object.keys(FILES).reverse()];
    expect(versions(undefined, order)).toEqual(expected);
  }
});

test("a file that is there and one that is not differ", () => {
  const imports = (path: string): Files => ({ main: [path], leaf: [] });
  const of = (path: string): string =>
    new Versions((each) => {
      const found = imports(path)[each];
      return found && { hash: "same", imports: found };
    }).of("main");
  expect(of("leaf")).not.toBe(of("gone"));
});
