import { expect, test } from "vitest";
import { createExecutor } from "../../src/engine/index.ts";
import { auto } from "../../src/engine/executor/auto.ts";
import { cannotStart } from "../../src/engine/executor/cannot-start.ts";

test("a device tells its library; the older name is the cpu", async () => {
  for (const name of ["onnxruntime", "cpu"] as const) {
    const device = await createExecutor(name, { threads: 1 }).open();
    expect(device.name).toBe("cpu");
    expect(device.detail).toMatch(/^onnxruntime-node \d/);
    await device.close();
  }
});

test("a backend of TensorFlow.js that there is not is refused in one line", async () => {
  const executor = createExecutor("tfjs", { tfjsBackend: "tpu" });
  await expect(executor.open()).rejects.toThrow(
    /^device tfjs cannot start: tfjsBackend must be one of node-gpu, node, wasm, cpu, got tpu; it needs its packages: npm install [^\n]*$/,
  );
});

test("auto passes over what cannot start, a line for each, and takes the next", async () => {
  const lines: string[] = [];
  const device = await auto(
    (name) =>
      name === "cuda" || name === "cpu"
        ? Promise.reject(cannotStart(name, new Error(`no ${name} here.\nmore`)))
        : createExecutor(name, { threads: 1 }).open(),
    (line) => lines.push(line),
  );
  expect(device.name).toBe("wasm");
  await device.close();
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^device cuda cannot start: no cuda here; it needs .*; trying cpu$/);
  expect(lines[1]).toMatch(/^device cpu cannot start: no cpu here; it needs .*; trying wasm$/);
});

test("auto says of every device why none starts", async () => {
  const none = auto(
    (name) => Promise.reject(cannotStart(name, new Error("gone"))),
    () => undefined,
  );
  await expect(none).rejects.toThrow(
    /^auto: no device starts here\n(device \w+ cannot start: gone.*\n?){4}$/,
  );
});
