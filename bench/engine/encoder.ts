/**
 * @file Workload D of bench/engine.bench.ts: stage-2 LoRA steps of the nano encoder, a text, an image, a
 * video and a page batch in turn. The step is the one that `rzenlab train rzenembed-lora` compiles.
 */
import { Random, tensor } from "../../src/engine/index.ts";
import type { State, Tensor } from "../../src/engine/index.ts";
import type { Pixels } from "../../src/data/types.ts";
import { resolveConfig } from "../../src/experiments/config.ts";
import { LORA_STAGE2, RZENEMBED, STAGE1_CHECKPOINT } from "../../src/experiments/recipes/stage2.ts";
import { loraOf, trunkParts } from "../../src/experiments/trunk.ts";
import {
  Assembler,
  Processor,
  bucketKey,
  initLora,
  preset,
  readSafetensors,
} from "../../src/model/index.ts";
import type { Bucket } from "../../src/model/index.ts";
import { encoderParameters } from "../../src/model/parameters.ts";
import { anchorWeights, patchOrder, visionRotary } from "../../src/model/positions.ts";
import type { Workload } from "./workloads.ts";

const PAIRS = 48;
const WORDS =
  "a red small house with two open windows near the quiet river under snow, photographed at night " +
  "by an old man who draws maps of mountains and counts every train that passes the station";

/** Sizes as experiments' pixel bank has them; [frames, height, width], null is text alone. */
const BATCHES: Readonly<
  Record<string, { query: readonly number[] | null; target: readonly number[] | null }>
> = {
  text: { query: null, target: null },
  image: { query: [1, 64, 64], target: null },
  video: { query: [8, 48, 48], target: null },
  page: { query: null, target: [1, 144, 96] },
};

/** The four batches of the recipe with `overrides`; `constants` are tables that the graph holds and PyTorch needs. */
export function encoder(
  overrides: readonly string[] = [],
): Workload & { readonly constants: State } {
  const config = resolveConfig(
    [LORA_STAGE2, RZENEMBED],
    ["loss.temperature.learnable=false", ...overrides],
  );
  const nano = preset("nano");
  const lora = loraOf(config)!;
  const random = Random.from(0, "bench encoder");
  const state: State = new Map([
    ...readSafetensors(STAGE1_CHECKPOINT),
    ...initLora(encoderParameters(nano), lora, Random.from(0, "bench lora")),
  ]);
  const processor = Processor.nano(nano);
  const assembler = new Assembler(nano);
  const constants: State = new Map();
  const side = (size: readonly number[] | null, prefix: string) => {
    const inputs = Array.from({ length: PAIRS }, (_, i) =>
      processor.process(item(size, prefix === "query." ? 12 : 5, i, random), {
        prompt: "instruction",
      }),
    );
    const made = assembler.assemble(inputs, { prefix });
    for (const [name, table] of tables(made.bucket)) constants.set(name, table);
    return made;
  };
  const batches = Object.values(BATCHES).map((sizes) => {
    const query = side(sizes.query, "query.");
    const target = side(sizes.target, "target.");
    const matches = tensor(new Uint8Array(PAIRS * PAIRS), [PAIRS, PAIRS], "bool");
    return {
      bucket: `${bucketKey(query.bucket)}|${bucketKey(target.bucket)}|`,
      feeds: { ...query.feeds, ...target.feeds, matches },
    };
  });
  const pixels = { ensure: async () => {}, load: async () => undefined, release: () => {} }; // only the step is compiled
  const kit = { encoder: nano, processor, pixels };
  const { build } = trunkParts({ config, kit, tasks: [], start: state, evaluate: null });
  return { state, batches, build, constants };
}

function item(size: readonly number[] | null, words: number, i: number, random: Random) {
  const all = WORDS.split(" ");
  const text = Array.from({ length: words }, () => all[random.int(all.length)]!).join(" ");
  if (size === null) return { text: `${text} ${i}`, instruction: "Find what fits:" };
  const [frames, height, width] = size as [number, number, number];
  const paint = [random.int(256), random.int(256), random.int(256)];
  const data = new Uint8Array(frames * height * width * 3);
  for (let at = 0; at < data.length; at++) data[at] = (paint[at % 3]! + random.int(64)) & 255;
  const pixels: Pixels = { frames, height, width, data };
  return { pixels, instruction: "What is in the picture?" };
}

/** What the graph holds as constants for a grid: rotary angles and how places mix learnt anchors. */
function tables({ vision }: Bucket): readonly (readonly [string, Tensor])[] {
  if (vision === undefined) return [];
  const nano = preset("nano");
  const [time, height, width] = vision.grid;
  const { space, time: times } = nano.vision.learnedPositions!;
  const { cos, sin, headDim } = visionRotary(vision.grid, nano);
  const { rows, columns } = patchOrder(height, width, nano.vision.spatialMergeSize);
  const at = `grid/${vision.grid.join("x")}`;
  const n = height * width;
  const slices = Array.from({ length: time }, (_, t) => t);
  return [
    [`${at}/cos`, tensor(cos, [n, headDim])],
    [`${at}/sin`, tensor(sin, [n, headDim])],
    [`${at}/rows`, tensor(anchorWeights(rows, height, space), [n, space])],
    [`${at}/columns`, tensor(anchorWeights(columns, width, space), [n, space])],
    [`${at}/slices`, tensor(anchorWeights(slices, time, times), [time, times])],
  ];
}
