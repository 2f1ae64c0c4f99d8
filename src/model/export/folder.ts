/** @file An encoder as one folder that Hugging Face's libraries, onnxruntime and RzenLab load. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import type { State } from "../../engine/index.ts";
import type { EncoderConfig } from "../config.ts";
import type { HeadOptions } from "../head.ts";
import { headParameters } from "../head.ts";
import { isLoraParameter } from "../lora.ts";
import { encoderParameters } from "../parameters.ts";
import type { PromptMode } from "../prompt.ts";
import { replaceFile } from "../replace.ts";
import { writeSafetensors } from "../safetensors/write.ts";
import { NANO_TOKENIZER } from "../tokenizer/tokenizer.ts";
import { modelCard } from "./card.ts";
import { portableOnnx } from "./portable.ts";
import { tokenizerFiles } from "./tokenizer.ts";

/** Width and height that pictures of a kind were fitted to in training. */
export type PictureSizes = Readonly<
  Record<"image" | "video" | "page", { readonly width: number; readonly height: number }>
>;

export type FolderOptions = {
  /** Every parameter, an adapter already merged. */
  readonly state: State;
  readonly config: EncoderConfig;
  readonly head?: HeadOptions;
  readonly prompt: PromptMode;
  readonly sizes: PictureSizes;
  /** tokenizer.json; default the nano encoder's. */
  readonly tokenizer?: string;
  /** Where the weights come from, for the model card: name -> value. */
  readonly facts: Readonly<Record<string, string>>;
  /** Strings kept in the header of the safetensors file. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Weights that take more bytes lie outside model.onnx; ONNX files hold at most 2 GB. */
  readonly externalBytes?: number;
};

const PYTHON = ["configuration_rzen.py", "modeling_rzen.py", "processing_rzen.py"];
const PYTHON_FOLDER = join(import.meta.dirname, "..", "..", "..", "data", "huggingface");

/** A protobuf message holds 2^31 - 1 bytes; nodes need some of them. */
const MOST_INSIDE = 2 ** 31 - 2 ** 24;

/**
 * Writes beside `folder`, then renames: the folder is wholly there or not there.
 *
 * @throws Error if something is at `folder` already; RangeError naming parameters that the state lacks,
 *   or an adapter that is not merged.
 */
export function exportFolder(folder: string, options: FolderOptions): void {
  const { state, config, head } = options;
  const target = resolve(folder);
  if (existsSync(target)) {
    throw new Error(`export: ${folder} is there already; name a new folder, or remove it first`);
  }
  checkState(state, config, head);
  const temporary = `${target}.${process.pid}.tmp`;
  mkdirSync(join(temporary, "onnx"), { recursive: true });
  try {
    writeFiles(temporary, options);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw new Error(`export to ${folder}: ${(error as Error).message}`, { cause: error });
  }
}

function checkState(state: State, config: EncoderConfig, head: HeadOptions | undefined): void {
  const adapted = [...state.keys()].find(isLoraParameter);
  if (adapted !== undefined) {
    throw new RangeError(`export: the state holds ${adapted}; merge the adapter first`);
  }
  const shapes = [
    ...encoderParameters(config),
    ...(head === undefined ? [] : headParameters(head)),
  ];
  const wrong = shapes.filter(([name, shape]) => state.get(name)?.shape.join() !== shape.join());
  if (wrong.length === 0) return;
  const shown = wrong.slice(0, 5).map(([name, shape]) => {
    const got = state.get(name);
    return `${name} must be [${shape.join(",")}], is ${got ? `[${got.shape.join(",")}]` : "missing"}`;
  });
  const more = wrong.length > 5 ? `; and ${wrong.length - 5} more` : "";
  throw new RangeError(`export: ${shown.join("; ")}${more}`);
}

function writeFiles(folder: string, options: FolderOptions): void {
  const { state, config, head, prompt, sizes, metadata = {} } = options;
  const names = [...encoderParameters(config).keys(), ...(head ? headParameters(head).keys() : [])];
  const weights: State = new Map(names.map((name) => [name, state.get(name)!]));
  writeSafetensors(join(folder, "model.safetensors"), weights, {
    metadata: { format: "pt", ...metadata },
  });
  const { externalBytes = MOST_INSIDE } = options;
  const onnx = { dataFile: "model.onnx_data", externalBytes };
  const { model, data } = portableOnnx(
    weights,
    config,
    head === undefined ? onnx : { ...onnx, head },
  );
  writeFileSync(join(folder, "onnx", "model.onnx"), model);
  if (data !== null) replaceFile(join(folder, "onnx", onnx.dataFile), () => data);
  for (const name of PYTHON) copyFileSync(join(PYTHON_FOLDER, name), join(folder, name));
  const tokenizer = readFileSync(options.tokenizer ?? NANO_TOKENIZER, "utf8");
  const files = {
    ...tokenizerFiles(JSON.parse(tokenizer) as object, config),
    "config.json": configFile(config, head, data !== null),
    "processor_config.json": {
      processor_class: "RzenProcessor",
      auto_map: { AutoProcessor: "processing_rzen.RzenProcessor" },
      encoder: config,
      sizes,
      prompt,
    },
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
  }
  writeFileSync(join(folder, "README.md"), modelCard(options, weights));
}

function configFile(
  config: EncoderConfig,
  head: HeadOptions | undefined,
  external: boolean,
): object {
  return {
    model_type: "rzen",
    architectures: ["RzenModel"],
    auto_map: {
      AutoConfig: "configuration_rzen.RzenConfig",
      AutoModel: "modeling_rzen.RzenModel",
    },
    dtype: "float32",
    hidden_size: config.text.hidden,
    vocab_size: config.text.vocabSize,
    pad_token_id: config.tokens.pad,
    eos_token_id: config.tokens.endOfText,
    encoder: config,
    head:
      head === undefined ? null : { dim: head.dim, hidden: head.hidden, out: head.out ?? head.dim },
    ...(external && {
      "transformers.js_config": { use_external_data_format: { "model.onnx": 1 } },
    }),
  };
}
