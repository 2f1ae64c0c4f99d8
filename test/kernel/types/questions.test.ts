import { expect, test } from "vitest";
import { Questions } from "../../../src/kernel/types/questions.ts";

test("what a person waits for goes before what was asked in passing; one at a time", async () => {
  const questions = new Questions();
  const order: string[] = [];
  let busy = 0;
  const work = (name: string) => async (): Promise<string> => {
    expect(++busy).toBe(1);
    await Promise.resolve();
    busy--;
    order.push(name);
    return name;
  };
  const answers = await Promise.all([
    questions.askInPassing(work("first")),
    questions.askInPassing(work("second")),
    questions.ask(work("asked")),
    questions.askInPassing(work("third")),
  ]);
  expect(answers).toEqual(["first", "second", "asked", "third"]);
  expect(order).toEqual(["first", "asked", "second", "third"]);
});

test("of many questions in passing the latest are answered, the others give nothing", async () => {
  const questions = new Questions();
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => questions.askInPassing(async () => i)),
  );
  // The first was being answered when the others came.
  expect(answers[0]).toBe(0);
  expect(answers.slice(1, 36)).toEqual(Array(35).fill(undefined));
  expect(answers.slice(36)).toEqual(Array.from({ length: 64 }, (_, i) => 36 + i));
});

test("a question that fails does not hold up the next", async () => {
  const questions = new Questions();
  const failing = questions.ask(() => Promise.reject(new Error("no server")));
  const next = questions.ask(() => Promise.resolve("answer"));
  await expect(failing).rejects.toThrow("no server");
  expect(await next).toBe("answer");
});
