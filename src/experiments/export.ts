/** @file A stored run's encoder, adapter or head included, as one self-contained ONNX file. */
import { Graph, writeOnnx } from "../engine/index.ts";
import type { Bucket } from "../model/index.ts";
import { buildEncoder, buildHead, encoderOnnx } from "../model/index.ts";
import { writeAtomic } from "./atomic.ts";
import { headOptions } from "./head.ts";
import { recordedConfig } from "./record.ts";
import type { Workshop } from "./run.ts";
import { loraOf } from "./trunk.ts";
import { startState } from "./weights.ts";

/**
 * Writes the encoder of a run for one batch shape; inputs are `Assembler.assemble`'s, the output is
 * `embedding`, unit rows [batch, dim].
 */
export async function exportRun(
  shop: Workshop,
  runId: string,
  file: string,
  bucket: Bucket,
): Promise<void> {
  const config = recordedConfig(shop.store, runId);
  const { encoder } = shop.kit(config);
  const state = new Map([...startState(config, encoder), ...shop.weights(runId)]);
  if (config.model.adapter.kind !== "head") {
    const adapter = loraOf(config);
    const options = adapter === undefined ? { bucket } : { bucket, adapter };
    await writeAtomic(file, encoderOnnx(state, encoder, options));
    return;
  }
  const graph = new Graph();
  const { embedding } = buildEncoder(graph, encoder, bucket);
  const options = headOptions(config, embedding.shape[1]!);
  graph.output("embedding", buildHead(graph, embedding, options));
  await writeAtomic(file, writeOnnx(graph, state));
}
