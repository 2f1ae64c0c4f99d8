/** @file Where the time of a run goes, node by node. */
import type { NodeTimes } from "../executor/types.ts";
import { flopsOf, inWords } from "../explain.ts";
import type { Node, Value } from "../graph.ts";
import type { Plan } from "../onnx/plan.ts";
import type { Program } from "../program.ts";
import { showShape } from "../tensor.ts";
import { flamePlot, flameSvg } from "./flame.ts";
import type { Phase, Profiled, ProfiledNode } from "./types.ts";
import { PHASES } from "./types.ts";

export type ProfileOptions = {
  readonly plan: Plan;
  readonly times: NodeTimes;
  /** What the forward pass is for: the loss and what else is returned. */
  readonly forward: readonly Value[];
  readonly gradients: readonly Value[];
};

type Sum = { count: number; microseconds: number; flops: number };

/** A profiled run. As text a table of operators; as a notebook cell's result a flame of phases, operators and nodes. */
export class Profile implements Profiled {
  readonly nodes: readonly ProfiledNode[];
  readonly microseconds: number;
  readonly device: string;
  readonly #words: string;

  constructor({ plan, times, forward, gradients }: ProfileOptions) {
    const phaseOf = phases(forward, gradients);
    const find = finder(plan);
    this.nodes = times.nodes.map(({ name, op, provider, microseconds }) => {
      const node = find(name);
      const output = node?.outputs[0];
      return {
        phase: output === undefined ? "update" : phaseOf(output),
        op,
        label: output === undefined ? name : `${output.name} ${showShape(output.shape)}`,
        provider,
        microseconds,
        flops: node === undefined ? 0 : flopsOf(node),
      };
    });
    this.microseconds = times.microseconds;
    this.device = times.device;
    this.#words = inWords(plan);
    // Not a class member: its name is a registered symbol, which types can't follow.
    Object.defineProperty(this, Symbol.for("Jupyter.display"), { value: () => this.bundle() });
  }

  /** Operators, most time first. */
  operators(): ReadonlyMap<string, Readonly<Sum>> {
    return summed(this.nodes, ({ op }) => op);
  }

  /** What a notebook shows: a flame that can be zoomed, or a drawing of it, or the table. */
  bundle(): Readonly<Record<string, unknown>> {
    return {
      "application/vnd.plotly.v1+json": flamePlot(this),
      "image/svg+xml": flameSvg(this),
      "text/plain": this.toString(),
    };
  }

  toString(): string {
    const within = this.nodes.reduce((total, node) => total + node.microseconds, 0);
    const phases = summed(this.nodes, ({ phase }) => phase);
    const parts = PHASES.filter((phase) => phases.has(phase)).map(
      (phase) => `${phase} ${ms(phases.get(phase)!.microseconds)}`,
    );
    const rows = [...this.operators()].map(([op, { count, microseconds, flops }]) => [
      op,
      String(count),
      ms(microseconds),
      `${((100 * microseconds) / within).toFixed(1)} %`,
      flops === 0 ? "" : (flops / microseconds / 1000).toFixed(1),
    ]);
    return [
      this.#words,
      `time         ${ms(this.microseconds)} ms a run on ${this.device}, ${ms(within)} in nodes: ${parts.join(", ")}`,
      "",
      ...aligned([["operator", "nodes", "ms", "share", "GFLOP/s"], ...rows]),
    ].join("\n");
  }
}

/** The profile of a program's step. */
export function profileOf(program: Program, plan: Plan, times: NodeTimes): Profile {
  const forward = [...program.outputs.values()];
  const gradients = program.trained.map(({ gradient }) => gradient);
  return new Profile({ plan, times, forward, gradients });
}

// --- internal ---

function summed(
  nodes: readonly ProfiledNode[],
  by: (node: ProfiledNode) => string,
): ReadonlyMap<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const node of nodes) {
    const sum = sums.get(by(node)) ?? { count: 0, microseconds: 0, flops: 0 };
    sum.count++;
    sum.microseconds += node.microseconds;
    sum.flops += node.flops;
    sums.set(by(node), sum);
  }
  return new Map([...sums].sort(([, a], [, b]) => b.microseconds - a.microseconds));
}

/** What `forward` needs is forward, what else the gradients need is backward, the rest is the update. */
function phases(forward: readonly Value[], gradients: readonly Value[]): (value: Value) => Phase {
  const first = ancestors(forward);
  const second = ancestors(gradients);
  return (value) => (first.has(value) ? "forward" : second.has(value) ? "backward" : "update");
}

function ancestors(ends: readonly Value[]): ReadonlySet<Value> {
  const found = new Set<Value>();
  const pending = [...ends];
  while (pending.length > 0) {
    const value = pending.pop()!;
    if (found.has(value)) continue;
    found.add(value);
    if (value.source.kind !== "node") continue;
    for (const input of value.source.node.inputs) if (input !== null) pending.push(input);
  }
  return found;
}

/**
 * The node of a plan that a library means by a name: a value's, or operator and output as the file has
 * them (onnx/write.ts). What a library fuses keeps a part's name, with words after slashes.
 */
function finder({ nodes, outputs }: Plan): (name: string) => Node | undefined {
  const known = new Map<string, Node>();
  const named = new Map([...outputs].map(([name, value]) => [value, name]));
  for (const node of nodes) {
    const output = node.outputs[0]!;
    known.set(output.name, node);
    known.set(`${node.op}${named.get(output) ?? output.name}`, node);
  }
  return (name) => {
    for (let end = name.length; end > 0; end = name.lastIndexOf("/", end - 1)) {
      const found = known.get(name.slice(0, end));
      if (found !== undefined) return found;
    }
    return known.get(/%\d+/.exec(name)?.[0] ?? "");
  };
}

function ms(microseconds: number): string {
  return (microseconds / 1000).toFixed(3);
}

/** The first column to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  "),
  );
}
