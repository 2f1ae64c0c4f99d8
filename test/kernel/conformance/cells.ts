/** @file What a cell may be: all of TypeScript, top-level await, bindings that stay. */
import { type Case, check, equal, type Group, includes, type Session } from "./session.ts";

/** A case that runs one cell and reads what it prints. */
const prints = (name: string, typescript: string, expected: string, python?: string): Case => ({
  name,
  run: (kernel) =>
    kernel.prints(python === undefined ? typescript : { typescript, python }, expected),
});

const value = async (kernel: Session, typescript: string, python: string): Promise<string> => {
  const { value: text } = await kernel.ok({ typescript, python });
  check(text !== undefined, "no execute_result");
  return text;
};

export const cells: Group = {
  name: "cells",
  cases: [
    {
      name: "last expression is the result",
      run: async (kernel) => equal(await value(kernel, "40 + 2", "40 + 2"), "42", "result"),
    },
    {
      name: "a string result is quoted, an undefined one is none",
      run: async (kernel) => {
        includes(await value(kernel, "'a' + 'b'", "'a' + 'b'"), /^['"]ab['"]$/, "result");
        const none = await kernel.ok({ typescript: "undefined", python: "None" });
        equal(none.result, undefined, "result of nothing");
      },
    },
    {
      name: "result is that of an awaited expression",
      run: async (kernel) => {
        const python = "import asyncio\nawait asyncio.sleep(0, 7)";
        equal(await value(kernel, "await Promise.resolve(7)", python), "7", "result");
      },
    },
    {
      name: "object literal is an expression",
      run: async (kernel) =>
        includes(await value(kernel, "({ a: 1 })", "{'a': 1}"), /a.*1/, "result"),
    },
    {
      name: "declarations have no result, a semicolon at the end does not hide one",
      run: async (kernel) => {
        equal(
          (await kernel.ok({ typescript: "const q1 = 5;", python: "q1 = 5" })).result,
          undefined,
          "result",
        );
        check((await kernel.ok("q1 + 1;")).value === "6", "no result with a semicolon");
      },
    },
    prints("enums", "enum Color { Red = 1, Green } console.log(Color.Green, Color[1])", "2 Red"),
    prints("const enums", "const enum Size { S = 3 } console.log(Size.S)", "3"),
    prints(
      "parameter properties",
      "class P { constructor(readonly x: number, private y = 2) {} sum() { return this.x + this.y } } console.log(new P(1).sum())",
      "3",
    ),
    prints(
      "namespaces",
      "namespace Outer { export const inner = 5 } console.log(Outer.inner)",
      "5",
    ),
    prints(
      "decorators",
      "function twice(f: any, _: any): any { return function (this: any) { return 2 * f.call(this) } } class D { @twice two() { return 1 } } console.log(new D().two())",
      "2",
    ),
    prints(
      "using",
      "{ using r = { [Symbol.dispose]() { console.log('disposed') } }; console.log('used') }",
      "used\ndisposed",
    ),
    prints(
      "NoInfer and satisfies",
      "const f1 = <T extends string>(a: T, b: NoInfer<T>) => a + b; console.log(f1('x', 'x' satisfies string))",
      "xx",
    ),
    prints(
      "interfaces and type aliases across cells",
      "interface A1 { a: number } type B1 = A1 & { b: number }; console.log('ok')",
      "ok",
    ),
    prints(
      "top-level await",
      "console.log(await new Promise<number>((r) => setTimeout(() => r(3), 5)))",
      "3",
      "import asyncio\nprint(await asyncio.sleep(0.005, 3))",
    ),
    prints(
      "top-level for await",
      "for await (const x of [Promise.resolve(1), 2]) console.log(x)",
      "1\n2",
      "async def g():\n    yield 1\n    yield 2\nasync for x in g(): print(x)",
    ),
    prints(
      "await in a block and in a destructuring",
      "{ const [a, b] = await Promise.all([1, Promise.resolve(2)]); console.log(a + b) }",
      "3",
    ),
    {
      name: "bindings persist: const, let, function, class",
      run: async (kernel) => {
        await kernel.ok({
          typescript:
            "const c1 = 1; let l1 = 2; var v1 = 3; function fn1() { return 4 } class K1 { n = 5 } const { d1, ...rest1 } = { d1: 6, e1: 7 };",
          python:
            "c1 = 1\nl1 = 2\nv1 = 3\ndef fn1(): return 4\nclass K1: n = 5\nd1, rest1 = 6, {'e1': 7}",
        });
        await kernel.prints(
          {
            typescript: "console.log(c1, l1, v1, fn1(), new K1().n, d1, rest1.e1)",
            python: "print(c1, l1, v1, fn1(), K1().n, d1, rest1['e1'])",
          },
          "1 2 3 4 5 6 7",
        );
      },
    },
    {
      name: "const and class may be declared again",
      run: async (kernel) => {
        await kernel.ok({
          typescript: "const again = 1; class Again { a = 1 }",
          python: "again = 1\nclass Again: a = 1",
        });
        await kernel.ok({
          typescript: "const again = 'two'; class Again { a = 2 }",
          python: "again = 'two'\nclass Again: a = 2",
        });
        await kernel.prints(
          { typescript: "console.log(again, new Again().a)", python: "print(again, Again().a)" },
          "two 2",
        );
      },
    },
    {
      name: "the same cell twice",
      run: async (kernel) => {
        const code = {
          typescript:
            "const same = await Promise.resolve(1); let n2 = same; enum E2 { A } import { join as join2 } from 'node:path'; console.log(n2)",
          python: "same = 1\nprint(same)",
        };
        await kernel.prints(code, "1");
        await kernel.prints(code, "1");
      },
    },
    {
      name: "bindings survive a later error in the same cell",
      run: async (kernel) => {
        await kernel.execute({
          typescript:
            "const kept = 5; let keptToo = await Promise.resolve(6); throw new Error('plot failed')",
          python: "kept = 5\nkeptToo = 6\nraise Exception('plot failed')",
        });
        await kernel.prints(
          { typescript: "console.log(kept, keptToo)", python: "print(kept, keptToo)" },
          "5 6",
        );
      },
    },
    {
      name: "a name whose declaration failed can be declared again",
      run: async (kernel) => {
        await kernel.execute({
          typescript: "const broken = (() => { throw new Error('x') })()",
          python: "broken = 1 / 0",
        });
        await kernel.prints(
          {
            typescript: "const broken = 8; console.log(broken)",
            python: "broken = 8\nprint(broken)",
          },
          "8",
        );
      },
    },
    {
      name: "closures see reassignments in later cells",
      run: async (kernel) => {
        await kernel.ok({
          typescript: "let counter = 0; function inc() { return ++counter }",
          python:
            "counter = 0\ndef inc():\n    global counter\n    counter += 1\n    return counter",
        });
        await kernel.ok({ typescript: "inc(); inc();", python: "inc(); inc();" });
        await kernel.prints(
          {
            typescript: "counter = 100; console.log(inc())",
            python: "counter = 100\nprint(inc())",
          },
          "101",
        );
      },
    },
    {
      name: "a type-only cell and an empty cell",
      run: async (kernel) => {
        equal((await kernel.ok("type Only = { a: 1 }")).reply["status"], "ok", "status");
        equal(
          (await kernel.ok({ typescript: "  \n// nothing\n", python: "  \n# nothing\n" })).result,
          undefined,
          "result",
        );
      },
    },
    prints(
      "generics, as and non-null do not disturb",
      "const m3 = new Map<string, number>([['a', 1]]); console.log((m3.get('a')! as number) + <number>(1))",
      "2",
    ),
    prints(
      "unicode, template literals and regular expressions",
      "const s4 = `😀${'é'}`; console.log(s4, /\\p{Emoji}/u.test(s4))",
      "😀é true",
    ),
    {
      name: "10,000 lines in one cell",
      run: async (kernel) => {
        const line = (i: number): string =>
          kernel.peer.language === "python" ? `x${i} = ${i}` : `const x${i} = ${i};`;
        const code = Array.from({ length: 10_000 }, (_, i) => line(i)).join("\n");
        await kernel.ok({ typescript: code, python: code }, { timeout: 60_000 });
        await kernel.prints({ typescript: "console.log(x9999)", python: "print(x9999)" }, "9999");
      },
    },
    {
      name: "late output and timers run between cells",
      run: async (kernel) => {
        const { client } = kernel;
        const first = await kernel.ok({
          typescript: "setTimeout(() => console.log('late'), 80); 1",
          python: "import threading\n_ = threading.Timer(0.08, lambda: print('late')).start()",
        });
        const late = await client.heard(
          "late output",
          ({ content }) => String(content["text"]).includes("late"),
          { timeout: 3_000 },
        );
        equal(late.parent.msg_id, first.id, "parent of the late output");
      },
    },
    {
      name: "a rejection that nobody handles and an error in a timer are shown and survived",
      run: async (kernel) => {
        const { client } = kernel;
        const since = client.published.length;
        await kernel.ok(
          "await 0; setTimeout(() => { throw new Error('from timer') }, 20); Promise.reject(new Error('from promise')); 1",
        );
        for (const text of ["from timer", "from promise"]) {
          await client.heard(
            text,
            ({ content }) => JSON.stringify(content).includes(text) && !("code" in content),
            { since, timeout: 3_000 },
          );
        }
        await kernel.prints("console.log('alive')", "alive");
      },
    },
  ],
};
