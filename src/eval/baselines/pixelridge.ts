/** @file The pixel ridge baseline: what a linear map of hand-made features scores, no training loop. */
import type { Item, Query, Task } from "../../data/types.ts";
import type { EmbeddingMatrix, Matrix } from "../embeddings.ts";
import { unitRows } from "../embeddings.ts";
import { EvalError } from "../error.ts";
import { scoreTask } from "../score.ts";
import type { ItemFeatures, SideEncoder } from "./itemfeatures.ts";
import { evened, fitSide, visualKind } from "./itemfeatures.ts";
import type { MatrixProducts } from "./products.ts";
import { ridgeProblem } from "./ridge.ts";

export type RidgeFitOptions = {
  /** Pairs to fit on: the test task's own training split, or that of a related task. */
  readonly train: Task;
  /** Scores the penalties; without one every fifth training pair is held out for that. */
  readonly dev?: Task;
  /** One for several fits reads what they share once. */
  readonly items: ItemFeatures;
  readonly products: MatrixProducts;
  /** Penalties to try, relative to the mean diagonal of the system. */
  readonly ratios?: readonly number[];
  /** Pairs are thinned evenly to this many, or to `maxSystem` where that makes the smaller system. */
  readonly maxPairs?: number;
  readonly maxSystem?: number;
};

/** For `scoreTask`: [queries, dim] and [corpus, dim] of a task. */
export type RidgeEmbeddings = {
  readonly queryEmbeddings: EmbeddingMatrix;
  readonly candidateEmbeddings: EmbeddingMatrix;
};

export type RidgeFit = {
  /** Which side is mapped: text is the space where the other side is visual. */
  readonly mapped: "query" | "target";
  readonly ratio: number;
  /** MRR@10 on the selection data by ratio. */
  readonly selection: readonly { readonly ratio: number; readonly mrr: number }[];
  readonly pairs: number;
  readonly trainTask: string;
  /** Embeds a test task; while the products are open. */
  readonly embed: (test: Task) => Promise<RidgeEmbeddings>;
};

/**
 * Fits a ridge regression between the features of queries and their positives. A test task is embedded
 * one side by its own features, the other by what the map predicts from its features. The penalty is
 * chosen by MRR@10 on dev.
 *
 * The map goes from the visual to the text side, where there is such a difference; else from query to
 * target.
 */
export async function fitRidge(options: RidgeFitOptions): Promise<RidgeFit> {
  const { train, dev, items, products, ratios = [0.1, 0.5, 2.5, 12.5] } = options;
  const all = await trainingPairs(train, items, options);
  const held = (_: Pair, i: number): boolean => i % 5 === 4;
  const fitOn = dev === undefined ? all.filter((pair, i) => !held(pair, i)) : all;
  const devTask = dev ?? pairsTask(train, all.filter(held));
  const fitted = await fitMap(fitOn, items, products, train.name);
  const tried = await Promise.all(
    ratios.map(async (ratio) => {
      const weights = await fitted.solve(ratio);
      const embeddings = await fitted.embed(devTask, weights);
      const score = await scoreTask({ task: devTask, ...embeddings, onError: "report" });
      return { ratio, weights, mrr: score.metrics["mrr@10"] };
    }),
  );
  const best = tried.reduce((most, next) => (next.mrr > most.mrr ? next : most));
  const final = dev === undefined ? await fitMap(all, items, products, train.name) : fitted;
  const weights = dev === undefined ? await final.solve(best.ratio) : best.weights;
  return {
    mapped: final.mapped,
    ratio: best.ratio,
    selection: tried.map(({ ratio, mrr }) => ({ ratio, mrr })),
    pairs: all.length,
    trainTask: train.name,
    embed: (test) => final.embed(test, weights),
  };
}

type Pair = { readonly query: Query; readonly targetId: string; readonly target: Item };

type FittedMap = {
  readonly mapped: "query" | "target";
  solve(ratio: number): Promise<Matrix>;
  embed(task: Task, weights: Matrix): Promise<RidgeEmbeddings>;
};

async function fitMap(
  pairs: readonly Pair[],
  items: ItemFeatures,
  products: MatrixProducts,
  name: string,
): Promise<FittedMap> {
  const queries = pairs.map((pair) => pair.query.item);
  const targets = pairs.map((pair) => pair.target);
  const query = await fitSide(queries, items, `${name}: queries`);
  const target = await fitSide(targets, items, `${name}: targets`);
  const mapped = mappedSide(pairs);
  const [from, x] = mapped === "query" ? [query, queries] : [target, targets];
  const to = mapped === "query" ? await evened(target, targets) : await evened(query, queries);
  const y = mapped === "query" ? targets : queries;
  // Outputs of unit length: otherwise long texts and busy pictures would dominate the squared error.
  const [input, output] = [await from.encode(x), unitRows(await to.encode(y))];
  const prior = leadingPart(from, to, x[0]!, y[0]!);
  const problem = await ridgeProblem(
    input,
    prior === null ? output : minus(output, prior(input)),
    products,
  );
  return {
    mapped,
    solve: (ratio) => problem.solve(ratio),
    async embed(task, weights) {
      const own = async (list: readonly Item[]): Promise<Matrix> => to.encode(list);
      const predicted = async (list: readonly Item[]): Promise<Matrix> => {
        const encoded = await from.encode(list);
        const mappedRows = await products.multiply(encoded, weights, { b: true });
        return prior === null ? mappedRows : minus(prior(encoded), mappedRows, -1);
      };
      const [embedQuery, embedTarget] = mapped === "query" ? [predicted, own] : [own, predicted];
      return {
        queryEmbeddings: asTensor(await embedQuery(task.queries.map((q) => q.item))),
        candidateEmbeddings: asTensor(await embedTarget([...task.corpus.values()])),
      };
    },
  };
}

/**
 * Where both sides are pictures of one kind, the penalty pulls towards "the same features", not
 * towards 0: the fit starts from the raw comparison and learns what to change. The visual block leads
 * the input, so the prior is its first columns.
 */
function leadingPart(
  from: SideEncoder,
  to: SideEncoder,
  x: Item,
  y: Item,
): ((rows: Matrix) => Matrix) | null {
  const kind = visualKind(x);
  if (kind === null || kind !== visualKind(y) || from.dim < to.dim) return null;
  return ({ rows, dim, data }) => {
    const part = new Float32Array(rows * to.dim);
    for (let r = 0; r < rows; r++) part.set(data.subarray(r * dim, r * dim + to.dim), r * to.dim);
    return { rows, dim: to.dim, data: part };
  };
}

/** a - factor * b */
function minus(a: Matrix, b: Matrix, factor = 1): Matrix {
  return { ...a, data: a.data.map((value, i) => value - factor * b.data[i]!) };
}

function asTensor({ rows, dim, data }: Matrix): EmbeddingMatrix {
  return { shape: [rows, dim], data };
}

function mappedSide(pairs: readonly Pair[]): "query" | "target" {
  const queryIsText = pairs.every((pair) => visualKind(pair.query.item) === null);
  const targetIsVisual = pairs.some((pair) => visualKind(pair.target) !== null);
  return queryIsText && targetIsVisual ? "target" : "query";
}

/** Each query with its best positive, thinned evenly: no randomness. */
async function trainingPairs(
  task: Task,
  items: ItemFeatures,
  { maxPairs = 8000, maxSystem = 2000 }: RidgeFitOptions,
): Promise<Pair[]> {
  const pairs = task.queries.map((query): Pair => {
    const [targetId] = [...query.positives].reduce((best, next) =>
      next[1] > best[1] ? next : best,
    );
    const target = task.corpus.get(targetId);
    if (target !== undefined) return { query, targetId, target };
    throw new EvalError(
      "BAD_TASK",
      `${task.name}, query ${query.id}: ${targetId} is not in the corpus`,
    );
  });
  if (pairs.length < 2) {
    throw new EvalError("BAD_TASK", `${task.name}: ${pairs.length} pairs to fit a map on`);
  }
  const first = pairs[0]!;
  const mapped = mappedSide(pairs) === "query" ? first.query.item : first.target;
  const inputs = (await items.visual(mapped))?.length ?? 0;
  return thin(pairs, inputs > maxSystem ? maxSystem : maxPairs);
}

function thin<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.floor((i * list.length) / most)]!);
}

/** Held-out pairs as a retrieval task over their own targets. */
function pairsTask(task: Task, pairs: readonly Pair[]): Task {
  return {
    ...task,
    name: `${task.name} (held out)`,
    scope: "global",
    queries: pairs.map(({ query, targetId }) => ({
      id: query.id,
      item: query.item,
      positives: new Map([[targetId, 1]]),
    })),
    corpus: new Map(pairs.map(({ targetId, target }) => [targetId, target])),
  };
}
