/** @file An exported folder in the hands of onnxruntime and of Hugging Face's libraries. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Pixels } from "../../src/data/types.ts";
import { Random } from "../../src/engine/index.ts";
import type { Tensor } from "../../src/engine/index.ts";
import { Workshop, exportRunFolder } from "../../src/experiments/index.ts";
import {
  Processor,
  assemble,
  buildEncoder,
  portableInputs,
  preset,
  readSafetensors,
} from "../../src/model/index.ts";
import type { EncoderInput } from "../../src/model/index.ts";
import { evaluate } from "../model/helpers.ts";
import { environment, runFile } from "./python.ts";

const HERE = join(import.meta.dirname, "export");
const STAGE1 = join(import.meta.dirname, "../../data/nano/stage1.safetensors");
const config = preset("nano");
const processor = Processor.nano(config);
const home = mkdtempSync(join(tmpdir(), "rzenlab-export-"));
const folder = join(home, "nano");
const cases = join(home, "cases.json");
/** Our own embeddings, flat. */
const ours: Record<string, number[]> = {};

type Case = { text: string[]; instruction: string; name?: string; pictures?: Pixels[] };

function picture(seed: number, frames: number, height: number, width: number): Pixels {
  const random = Random.from(seed, "export");
  const data = Uint8Array.from({ length: frames * height * width * 3 }, () => random.int(256));
  return { frames, height, width, data };
}

const CASES: Readonly<Record<string, Case>> = {
  text: { text: ["a red apple", "Zwei <|Hunde|> und 1 Café, naïvely"], instruction: "" },
  instructed: { text: ["who wrote it?"], instruction: "Find the page that answers:" },
  image: {
    text: ["", "the left one"],
    instruction: "",
    name: "images",
    pictures: [picture(0, 1, 64, 64), picture(1, 1, 64, 64)],
  },
  clip: {
    text: ["", ""],
    instruction: "Find the action:",
    name: "videos",
    pictures: [picture(2, 8, 48, 48), picture(3, 7, 48, 48)],
  },
  page: {
    text: ["", "word ".repeat(200)], // too long: cut
    instruction: "",
    name: "pages",
    pictures: [picture(4, 1, 144, 96), picture(5, 1, 144, 96)],
  },
};

function inputsOf({ text, instruction, pictures }: Case): EncoderInput[] {
  return text.map((one, i) => {
    const pixels = pictures?.[i];
    return processor.process({
      ...(one === "" ? {} : { text: one }),
      ...(pixels === undefined ? {} : { pixels }),
      instruction,
    });
  });
}

/** Nested lists [frames, height, width, 3]; of a still [height, width, 3]. */
function nested({ frames, height, width, data }: Pixels): unknown {
  const lists = Array.from({ length: frames }, (_, frame) =>
    Array.from({ length: height }, (_row, y) =>
      Array.from({ length: width }, (_column, x) => {
        const at = ((frame * height + y) * width + x) * 3;
        return [...data.subarray(at, at + 3)];
      }),
    ),
  );
  return frames === 1 ? lists[0] : lists;
}

function plain({ dtype, shape, data }: Tensor): object {
  return { dtype, shape, data: Array.from(data as ArrayLike<number | bigint>, Number) };
}

beforeAll(async () => {
  process.env["HF_HOME"] = join(home, "hf"); // where transformers keeps its copy of the folder's code
  const shop = await Workshop.open({ dataRoot: home, home, store: join(home, "store") });
  exportRunFolder(shop, STAGE1, folder);
  await shop.close();
  const state = readSafetensors(STAGE1);
  const written: Record<string, unknown> = {};
  for (const [kind, one] of Object.entries(CASES)) {
    const inputs = inputsOf(one);
    const { bucket, feeds } = assemble(inputs, config);
    const build = (graph: Parameters<typeof buildEncoder>[0]) => ({
      embedding: buildEncoder(graph, config, bucket).embedding,
    });
    ours[kind] = (await evaluate(state, feeds, build, "cpu"))["embedding"]!;
    const tensors = Object.entries(portableInputs(inputs, config));
    written[kind] = {
      text: one.text,
      instruction: one.instruction,
      pictures: one.name === undefined ? {} : { [one.name]: one.pictures!.map(nested) },
      tensors: Object.fromEntries(tensors.map(([name, value]) => [name, plain(value)])),
      ...(kind === "text" && { plain: one.text.map((words) => words.replaceAll("<|", "< |")) }),
    };
  }
  writeFileSync(cases, JSON.stringify(written));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function expectOurs(found: unknown): void {
  const theirs = found as Record<string, number[][]>;
  expect(Object.keys(theirs)).toEqual(Object.keys(CASES));
  for (const [kind, rows] of Object.entries(theirs)) {
    expect(rows.flat(), kind).toBeAllclose(ours[kind]!, { rtol: 0, atol: 1e-4 });
  }
}

test("Python's onnxruntime embeds what the folder's processor makes", () => {
  const packages = [
    "onnxruntime==1.32.0",
    "numpy==2.4.6",
    "transformers==5.23.0",
    "pillow==12.2.0",
  ];
  const python = environment("export", [packages]);
  expectOurs(runFile(python, join(HERE, "onnx.py"), folder, cases));
});

test("@huggingface/transformers loads the folder", () => {
  const args = [join(HERE, "javascript.mjs"), folder, cases, transformersJs("4.3.1")];
  expectOurs(JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })));
});

// PyPI's torch is 5 GB with its CUDA libraries; see torch_model.py.
const torch = process.env["RZENLAB_TORCH_PYTHON"];
test.skipIf(torch === undefined)("Hugging Face transformers loads the safetensors", () => {
  expectOurs(runFile(torch!, join(HERE, "torch_model.py"), folder, cases));
});

/** The library's file for Node, from the registry, without its own copies of what is installed here. */
function transformersJs(version: string): string {
  const place = join(import.meta.dirname, "../../.cache/interop", `transformers-js-${version}`);
  if (!existsSync(place)) {
    const partial = `${place}.partial`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    const spec = `@huggingface/transformers@${version}`;
    const pack = execFileSync("npm", ["pack", "--silent", spec], {
      cwd: partial,
      encoding: "utf8",
    });
    execFileSync("tar", ["-xzf", pack.trim()], { cwd: partial });
    renameSync(partial, place);
  }
  return join(place, "package/dist/transformers.node.mjs");
}
