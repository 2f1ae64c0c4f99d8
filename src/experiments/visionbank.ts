/** @file What a frozen vision tower makes of each picture, clip and page: computed once, whoever asks. */
import { Evaluator, Graph } from "../engine/index.ts";
import type { State } from "../engine/index.ts";
import type { Item } from "../data/types.ts";
import { pixelKey } from "../data/index.ts";
import { Assembler, bucketKey, buildVision, parseBucketKey, patchLayout } from "../model/index.ts";
import type { PatchLayout, Precision } from "../model/index.ts";
import type { TrainConfig } from "./config.ts";
import { executorOf } from "./executor.ts";
import type { TrunkKit } from "./trunk.ts";
import { frozenOf } from "./trunk.ts";

const BATCH = 32;

/** Merged vision tokens by medium, each [tokens, hidden]. An instruction or prompt does not reach the tower. */
export class VisionBank {
  readonly #kit: TrunkKit;
  readonly #evaluator: Evaluator;
  readonly #assembler: Assembler;
  readonly #tokens = new Map<string, Float32Array>();

  private constructor(kit: TrunkKit, evaluator: Evaluator) {
    this.#kit = kit;
    this.#evaluator = evaluator;
    this.#assembler = new Assembler(kit.encoder);
  }

  /**
   * @param state encoder weights; only the tower's are used.
   * @param precision default: the config's.
   */
  static async create(
    config: TrainConfig,
    kit: TrunkKit,
    state: State,
    precision?: Precision,
  ): Promise<VisionBank> {
    const frozen = frozenOf(config, kit, state, precision);
    const own = new Map([...state].filter(([name]) => name.startsWith("visual.")));
    const evaluator = await Evaluator.create({
      executor: executorOf(config),
      state: frozen?.held(own) ?? own,
      build(bucket) {
        const graph = new Graph();
        const { vision } = parseBucketKey(bucket);
        graph.output("tokens", buildVision(graph, kit.encoder, vision!, { frozen }));
        return graph;
      },
    });
    return new VisionBank(kit, evaluator);
  }

  /** Tokens of an item that was prepared; undefined for text. */
  of(item: Item): Float32Array | undefined {
    const key = pixelKey(item);
    return key === undefined ? undefined : this.#tokens.get(key);
  }

  /** Computes what is missing for these items. */
  async prepare(items: readonly Item[]): Promise<void> {
    const missing = new Map<string, Item>();
    for (const item of items) {
      const key = pixelKey(item);
      if (key !== undefined && !this.#tokens.has(key)) missing.set(key, item);
    }
    const groups = new Map<string, { layout: PatchLayout; keys: string[] }>();
    const { encoder, pixels } = this.#kit;
    for (const [key, item] of missing) {
      const layout = patchLayout((await pixels.load(item))!, encoder);
      const name = `${layout.grid.join("x")} ${layout.still}`;
      const group = groups.get(name) ?? { layout, keys: [] };
      groups.set(name, group);
      group.keys.push(key);
    }
    for (const { layout, keys } of groups.values()) {
      for (let start = 0; start < keys.length; start += BATCH) {
        const part = keys.slice(start, start + BATCH);
        await this.#compute(layout, part, missing);
      }
    }
  }

  async close(): Promise<void> {
    await this.#evaluator.close();
  }

  async #compute(
    layout: PatchLayout,
    keys: readonly string[],
    items: ReadonlyMap<string, Item>,
  ): Promise<void> {
    // A rest is padded with its last picture: one graph a layout.
    const pictures = await Promise.all(
      Array.from({ length: BATCH }, async (_, row) => {
        const key = keys[Math.min(row, keys.length - 1)]!;
        return (await this.#kit.pixels.load(items.get(key)!))!;
      }),
    );
    const bucket = bucketKey({ batch: BATCH, tokens: 1, vision: { count: BATCH, ...layout } });
    const out = await this.#evaluator.run(bucket, this.#assembler.patches(pictures, layout));
    const data = out["tokens"]!.data as Float32Array;
    const size = data.length / BATCH;
    for (const [row, key] of keys.entries()) {
      this.#tokens.set(key, data.slice(row * size, (row + 1) * size));
    }
  }
}
