import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { afterAll, expect, test } from "vitest";
import {
  exportFolder,
  initHead,
  initParameters,
  NANO_TOKENIZER,
  openCheckpoint,
  preset,
  readSafetensors,
  TextTokenizer,
} from "../../../src/model/index.ts";
import type { FolderOptions } from "../../../src/model/index.ts";

const home = mkdtempSync(join(tmpdir(), "folder-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const tiny = preset("tiny");
const config = { ...tiny, text: { ...tiny.text, vocabSize: 5_920 } };
const size = { width: 8, height: 8 };
const options: FolderOptions = {
  state: initParameters(config, 0),
  config,
  prompt: "instruction",
  sizes: { image: size, video: size, page: size },
  facts: { run: "0123" },
  metadata: { info: "{}" },
};
const json = (...path: string[]): Record<string, unknown> =>
  JSON.parse(readFileSync(join(home, ...path), "utf8")) as Record<string, unknown>;

test("the folder holds weights, ONNX, tokenizer, processor, code and a card", () => {
  exportFolder(join(home, "whole"), options);
  const names = readdirSync(join(home, "whole"), { recursive: true, encoding: "utf8" });
  expect(names.toSorted()).toEqual([
    "README.md",
    "config.json",
    "configuration_rzen.py",
    "model.safetensors",
    "modeling_rzen.py",
    "onnx",
    "onnx/model.onnx",
    "processing_rzen.py",
    "processor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  expect(readdirSync(home)).toEqual(["whole"]);
  expect(readSafetensors(join(home, "whole"))).toEqual(options.state);
  const source = openCheckpoint(join(home, "whole"));
  expect(source.metadata).toEqual({ format: "pt", info: "{}" });
  source.close();
  expect(json("whole", "config.json")).toMatchObject({
    model_type: "rzen",
    auto_map: { AutoModel: "modeling_rzen.RzenModel" },
    encoder: config,
    head: null,
  });
  expect(json("whole", "config.json")).not.toHaveProperty("transformers.js_config");
  expect(json("whole", "processor_config.json")).toMatchObject({
    encoder: config,
    prompt: "instruction",
  });
  expect(json("whole", "tokenizer_config.json")).toMatchObject({
    pad_token: "[PAD]",
    eos_token: "<|endoftext|>",
    unk_token: "[UNK]",
  });
  const card = readFileSync(join(home, "whole", "README.md"), "utf8");
  expect(card).toContain("license: apache-2.0");
  expect(card).toContain("| run | 0123 |");
});

test("its tokenizer gives RzenLab the ids it was trained on", () => {
  exportFolder(join(home, "words"), options);
  const theirs = TextTokenizer.fromFile(join(home, "words", "tokenizer.json"));
  const text = "<|vision_start|>A red apple, naïvely";
  expect(theirs.encode(text)).toEqual(TextTokenizer.fromFile(NANO_TOKENIZER).encode(text));
});

test("a head goes along", () => {
  const head = { dim: 32, hidden: 4 };
  const state = new Map([...options.state, ...initHead(head, 0)]);
  exportFolder(join(home, "head"), { ...options, state, head });
  expect(json("head", "config.json")["head"]).toEqual({ dim: 32, hidden: 4, out: 32 });
  expect([...readSafetensors(join(home, "head")).keys()]).toContain("head.gate.weight");
});

test("weights that ONNX cannot hold lie beside it, where transformers.js looks for them", async () => {
  exportFolder(join(home, "large"), { ...options, externalBytes: 1_000 });
  expect(readdirSync(join(home, "large", "onnx"))).toEqual(["model.onnx", "model.onnx_data"]);
  expect(json("large", "config.json")["transformers.js_config"]).toEqual({
    use_external_data_format: { "model.onnx": 1 },
  });
  const session = await ort.InferenceSession.create(join(home, "large", "onnx", "model.onnx"));
  expect(session.outputNames).toEqual(["embedding"]);
  await session.release();
});

test("what is there is left alone, and nothing half written remains", () => {
  mkdirSync(join(home, "taken"));
  expect(() => exportFolder(join(home, "taken"), options)).toThrow(
    `export: ${join(home, "taken")} is there already; name a new folder, or remove it first`,
  );
  const broken = { ...options, tokenizer: join(home, "none.json") };
  expect(() => exportFolder(join(home, "half"), broken)).toThrow(
    `export to ${join(home, "half")}: ENOENT`,
  );
  expect(existsSync(join(home, "half"))).toBe(false);
  expect(readdirSync(home).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("weights that don't fit the config are named", () => {
  const lacking = new Map(options.state);
  lacking.delete("model.norm.weight");
  expect(() => exportFolder(join(home, "x"), { ...options, state: lacking })).toThrow(
    "export: model.norm.weight must be [32], is missing",
  );
  expect(() => exportFolder(join(home, "x"), { ...options, config: preset("nano") })).toThrow(
    /^export: visual\.patch_embed\.proj\.weight must be \[128,5,2,8,8\], is \[16,3,2,4,4\]; .*; and \d+ more$/,
  );
  const adapted = new Map([
    ...options.state,
    ["a.lora_A.weight", options.state.get("model.norm.weight")!],
  ]);
  expect(() => exportFolder(join(home, "x"), { ...options, state: adapted })).toThrow(
    "export: the state holds a.lora_A.weight; merge the adapter first",
  );
});
