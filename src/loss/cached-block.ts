/** @file GradCache's middle step: the whole-batch loss on cached embeddings, a block of queries at a time. */
import type { Value } from "../engine/index.ts";
import { Graph, and, cast, gradients, mul, slice, sum } from "../engine/index.ts";
import type { InfoNceOptions } from "./infonce.ts";
import { rowLosses } from "./infonce.ts";
import { identityFrom } from "./terms.ts";

export type BlockOptions = Omit<
  InfoNceOptions,
  "query" | "target" | "temperature" | "hardNegatives"
> & {
  readonly batch: number;
  /** Queries of the block. */
  readonly rows: number;
  readonly dim: number;
  /** A number, or builds that of a group in the graph it is given, e.g. `(g, group) => temperature(g, { group })`. */
  readonly temperature: number | ((graph: Graph, group: string) => Value);
  /** Mined negatives that all queries share; default 0. */
  readonly hardNegatives?: number;
  /** Mined negatives of each query's own; default 0. */
  readonly ownNegatives?: number;
  /** Whether steps are fed which pairs truly match, to count what the mask gets right. Default false. */
  readonly matches?: boolean;
};

export type Block = {
  readonly graph: Graph;
  /** The block's part of the mean over the batch: [] */
  readonly loss: Value;
  /** `gradient/<input>` of each embedding input the loss depends on, and the sums of statistics. */
  readonly outputs: Readonly<Record<string, Value>>;
};

/**
 * The block of `rows` queries, for the temperature of `group`.
 *
 * Inputs: `rows.query`, `rows.target` [rows, dim], the number `start` (int64 []) of the first of them,
 * `query`, `target` [batch, dim], and mined negatives `hardNegatives` [n, dim] or
 * `rows.hardNegatives` [rows, n, dim], and `matches`, bool [rows, batch]. What a variant doesn't use is
 * left out of the plan.
 *
 * A row counts as query or target of its own (`rows.`) and as column of all: its gradient is the
 * sum of both.
 */
export function lossBlock(options: BlockOptions, group: string): Block {
  const { batch, rows, dim, hardNegatives = 0, ownNegatives = 0, ...rules } = options;
  const graph = new Graph();
  const embeddings = {
    query: graph.input("query", [batch, dim]),
    target: graph.input("target", [batch, dim]),
  };
  const own = {
    query: graph.input("rows.query", [rows, dim]),
    target: graph.input("rows.target", [rows, dim]),
    excluded: identityFrom(graph.input("start", [], "int64"), [rows, batch]),
  };
  const negatives = minedNegatives(graph, { rows, dim, hardNegatives, ownNegatives });
  const { temperature } = options;
  const tau = typeof temperature === "number" ? temperature : temperature(graph, group);
  const { perQuery, forward } = rowLosses(
    {
      ...rules,
      ...embeddings,
      temperature: tau,
      ...(negatives !== null && { hardNegatives: negatives }),
    },
    own,
  );
  const loss = mul(sum(perQuery), 1 / batch);
  const wanted = graph
    .inputs()
    .filter((value) => value.dtype === "float32" && used(options, value));
  const outputs: Record<string, Value> = {
    maxWeight: forward.maxWeight,
    tau: typeof tau === "number" ? graph.scalar(tau) : tau,
  };
  const inBatch = slice(forward.mask, { axis: 1, start: 0, end: batch });
  outputs["count/inBatch"] = count(inBatch);
  if (options.matches === true) {
    const matches = graph.input("matches", [rows, batch], "bool");
    outputs["count/matches"] = count(matches);
    outputs["count/hits"] = count(and(inBatch, matches));
  }
  for (const [name, value] of Object.entries(forward.counts)) outputs[`count/${name}`] = value;
  for (const [i, gradient] of gradients(loss, wanted).entries()) {
    outputs[`gradient/${wanted[i]!.name}`] = gradient;
  }
  return { graph, loss, outputs };
}

/**
 * A scalar whose gradient with respect to the encoder is that of the whole-batch loss through these
 * rows: sum(embeddings * gradient), the gradient held constant. Both [rows, dim].
 */
export function surrogate(embeddings: Value, gradient: Value): Value {
  return sum(mul(embeddings, gradient));
}

/** Columns of the widest matrix of a block. */
export function columnsOf({
  batch,
  sameSideNegatives = false,
  hardNegatives = 0,
  ownNegatives = 0,
}: Omit<BlockOptions, "rows">): number {
  return batch * (sameSideNegatives ? 3 : 1) + hardNegatives + ownNegatives;
}

function count(mask: Value): Value {
  return sum(cast(mask, "float32"));
}

/** All columns of queries are zero gradients in a loss of one direction: not worth an output. */
function used(
  { symmetric = false, sameSideNegatives = false }: BlockOptions,
  { name }: Value,
): boolean {
  return name !== "query" || symmetric || sameSideNegatives;
}

function minedNegatives(
  graph: Graph,
  {
    rows,
    dim,
    hardNegatives,
    ownNegatives,
  }: Required<Pick<BlockOptions, "rows" | "dim" | "hardNegatives" | "ownNegatives">>,
): Value | null {
  if (hardNegatives > 0 && ownNegatives > 0) {
    throw new RangeError(
      `GradCache: mined negatives are shared or each query's own, got ${hardNegatives} and ${ownNegatives}`,
    );
  }
  if (hardNegatives > 0) return graph.input("hardNegatives", [hardNegatives, dim]);
  return ownNegatives > 0 ? graph.input("rows.hardNegatives", [rows, ownNegatives, dim]) : null;
}
