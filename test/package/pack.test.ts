/** @file What a user installs: the tarball, in an empty folder, as plain JavaScript with types. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "rzenlab-pack-"));
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

const CONSUMER = `
import { Graph, Random, Trainer, createExecutor, linear, l2Normalize, tensor, trainProgram } from "rzenlab/engine";
import { infoNce } from "rzenlab/loss";
const random = Random.from(1, "consumer");
const normal = (shape: number[]) =>
  tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()), shape);
const build = () => {
  const graph = new Graph();
  const weight = graph.parameter("weight", [8, 16]);
  const embed = (name: string) => l2Normalize(linear(graph.input(name, [32, 16]), weight));
  const { loss } = infoNce({ query: embed("query"), target: embed("target"), temperature: 0.1 });
  return trainProgram({ graph, loss, groups: [{ parameters: [weight] }] });
};
const state = new Map([["weight", normal([8, 16])]]);
const trainer = await Trainer.create({ executor: createExecutor("onnxruntime"), state, build });
const query = normal([32, 16]);
const losses: number[] = [];
for (let step = 0; step < 20; step++) {
  const { loss } = await trainer.step("all", { query, target: query }, { learningRate: 0.05 });
  losses.push(Number(loss!.data[0]));
}
await trainer.close();
console.log(JSON.stringify(losses));
`;

beforeAll(() => {
  writeFileSync(join(folder, "consumer.ts"), CONSUMER);
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"))!;
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  writeFileSync(join(folder, ".npmrc"), "onnxruntime-node-install=skip\n");
  run("npm", "install", "--silent", "--prefer-offline", `./${tarball}`);
}, 480_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("an installed copy trains, from its built files", () => {
  const losses = JSON.parse(run(process.execPath, "consumer.ts")) as number[];
  expect(losses).toHaveLength(20);
  expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.9);
});

test("its types hold in a strict consumer", () => {
  const compilerOptions = {
    strict: true,
    module: "nodenext",
    target: "es2024",
    noEmit: true,
    types: [],
  };
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: { ...compilerOptions, lib: ["es2024", "dom"] },
      files: ["consumer.ts"],
    }),
  );
  run(join(root, "node_modules/.bin/tsc"), "-p", "tsconfig.json");
});

test("its command line starts", () => {
  expect(run(process.execPath, "node_modules/rzenlab/bin/rzenlab.js", "--version")).toMatch(
    /^\d+\.\d+\.\d+/,
  );
});
