/** @file `rzenlab soup`: merge the weights of runs and score the result. */
import { makeSoup } from "../../experiments/index.ts";
import type { GlobalOptions } from "../main.ts";
import { printResult } from "../output.ts";
import { scoreTable, summary } from "../scores.ts";
import { withSession } from "../session.ts";
import { UsageError, oneOf } from "../usage.ts";

type SoupOptions = GlobalOptions & {
  readonly method: string;
  readonly merge: string;
  readonly weights?: string;
  readonly experiment?: string;
};

/** Stores the soup as a run of its own. */
export async function soup(runs: readonly string[], options: SoupOptions): Promise<void> {
  if (runs.length < 2) throw new UsageError(`soup: expected at least two runs, got ${runs.length}`);
  const method = oneOf("method", options.method, ["uniform", "weighted", "greedy"]);
  const merge = oneOf("merge", options.merge, ["delta", "factors"]);
  const weights = parseWeights(options.weights, runs.length);
  if ((method === "weighted") !== (weights !== undefined)) {
    throw new UsageError("--weights: needed by --method weighted, and by it alone");
  }
  const made = await withSession(options, ({ shop, onProgress }) =>
    makeSoup(shop, runs, {
      method,
      merge,
      experiment: options.experiment ?? "soups",
      onProgress,
      ...(weights === undefined ? {} : { weights }),
    }),
  );
  const shares = made.weights.map((weight, i) => `  ${runs[i]}  ${weight.toFixed(3)}`).join("\n");
  printResult(
    options.json,
    { ...made, scores: made.scores.map(summary) },
    `run ${made.runId} (${method}, ${made.merge})\n${shares}\n${scoreTable(made.scores)}`,
  );
}

function parseWeights(text: string | undefined, count: number): number[] | undefined {
  if (text === undefined) return undefined;
  const weights = text.split(",").map(Number);
  if (weights.length !== count || weights.some((weight) => !(weight >= 0))) {
    throw new UsageError(`--weights: expected ${count} numbers >= 0, one a run, got "${text}"`);
  }
  return weights;
}
