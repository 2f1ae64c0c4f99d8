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

test("a backend of TensorFlow.js that there is not is refused, without a word on packages", () => {
  expect(() => createExecutor("tfjs", { tfjsBackend: "tpu" as "cpu" })).toThrow(
    /^createExecutor: tfjsBackend must be one of node-gpu, node, wasm, cpu, got tpu$/,
  );
});

test("a backend of TensorFlow.js whose package is missing says so and what to install", async () => {
  await expect(createExecutor("tfjs", { tfjsBackend: "node" }).open()).rejects.toThrow(
    /^device tfjs cannot start: Cannot find package '@tensorflow\/tfjs-node' [^\n]*; it needs its packages: npm install [^\n]*$/,
  );
});

test("of a library's reason, the place in its sources is left out", () => {
  const long =
    "/onnxruntime_src/core/webgpu_context.cc:136 Initialize(const Config&) status == Success was false. Failed to get a WebGPU adapter: none.\nmore";
  expect(cannotStart("webgpu", new Error(long)).message).toBe(
    "device webgpu cannot start: Failed to get a WebGPU adapter: none; it needs a driver for Vulkan (with its loader, libvulkan1), Metal or Direct3D 12",
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
