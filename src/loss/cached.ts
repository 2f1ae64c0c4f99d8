/** @file GradCache (spec 1.11): the whole-batch loss on cached embeddings, encoders run in chunks. */
import type { Value } from "../engine/index.ts";
import { Graph, gradients, mul, sum } from "../engine/index.ts";
import type { InfoNce, InfoNceOptions } from "./infonce.ts";
import { infoNce } from "./infonce.ts";

export type CachedLossOptions = Omit<
  InfoNceOptions,
  "query" | "target" | "temperature" | "hardNegatives"
> & {
  readonly batch: number;
  readonly dim: number;
  /** A number, or builds one in the graph it is given, e.g. `(g) => temperature(g, ...)`. */
  readonly temperature: number | ((graph: Graph) => Value);
  /** Mined negatives shared by all queries; their embeddings are cached too. Default 0. */
  readonly hardNegatives?: number;
};

export type CachedLoss = {
  readonly graph: Graph;
  readonly result: InfoNce;
};

/**
 * Step 2 of three: embeddings in, loss and its gradients out. The mask sees the whole batch, and the
 * temperature gets its gradient here and only here.
 *
 * Inputs `query`, `target` [batch, dim] and, if any, `hardNegatives` [n, dim]. Outputs `loss`,
 * `gradient/<input>` for each input and `gradient/<parameter>` for each parameter.
 *
 * Step 1 encodes the chunks and keeps only the embeddings; step 3 encodes them again, with the same
 * dropout seeds, and descends `surrogate` with the chunk's rows of the gradient.
 */
export function cachedLoss({
  batch,
  dim,
  temperature,
  hardNegatives = 0,
  ...options
}: CachedLossOptions): CachedLoss {
  const graph = new Graph();
  const query = graph.input("query", [batch, dim]);
  const target = graph.input("target", [batch, dim]);
  const negatives = hardNegatives > 0 ? graph.input("hardNegatives", [hardNegatives, dim]) : null;
  const result = infoNce({
    ...options,
    query,
    target,
    temperature: typeof temperature === "number" ? temperature : temperature(graph),
    ...(negatives === null ? {} : { hardNegatives: negatives }),
  });
  const wanted = [...graph.inputs(), ...graph.parameters()];
  graph.output("loss", result.loss);
  for (const [i, gradient] of gradients(result.loss, wanted).entries()) {
    graph.output(`gradient/${wanted[i]!.name}`, gradient);
  }
  return { graph, result };
}

/**
 * A scalar whose gradient with respect to the encoder is that of the whole-batch loss through these
 * rows: sum(embeddings * gradient), the gradient held constant. Both [rows, dim].
 */
export function surrogate(embeddings: Value, gradient: Value): Value {
  return sum(mul(embeddings, gradient));
}
