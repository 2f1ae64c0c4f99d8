/** @file A profile as a flame: a run above its phases, their operators, and nodes; width is time. */
import type { Phase, Profiled, ProfiledNode } from "./types.ts";
import { PHASES } from "./types.ts";

/** One block; children lie within it, side by side: phases in their order, others widest first. */
type Block = {
  readonly id: string;
  readonly label: string;
  readonly phase: Phase | null;
  readonly microseconds: number;
  readonly children: readonly Block[];
};

const COLOURS: Readonly<Record<Phase, string>> = {
  forward: "#4477aa",
  backward: "#cc6677",
  update: "#228833",
};

/** Plotly's traces, layout and config. */
export function flamePlot(profile: Profiled): Readonly<Record<string, unknown>> {
  const all: { readonly block: Block; readonly parent: string }[] = [];
  const walk = (block: Block, parent: string): void => {
    all.push({ block, parent });
    for (const child of block.children) walk(child, block.id);
  };
  walk(blocks(profile), "");
  const trace = {
    type: "icicle",
    ids: all.map(({ block }) => block.id),
    labels: all.map(({ block }) => block.label),
    parents: all.map(({ parent }) => parent),
    values: all.map(({ block }) => block.microseconds / 1000),
    branchvalues: "total",
    tiling: { orientation: "v" },
    marker: { colors: all.map(({ block }) => colourOf(block)) },
    hovertemplate: "%{label}<br>%{value:.3f} ms, %{percentRoot:.1%}<extra></extra>",
  };
  const layout = {
    title: { text: titleOf(profile) },
    height: 420,
    margin: { t: 50, l: 0, r: 0, b: 0 },
  };
  return { data: [trace], layout, config: { displaylogo: false, responsive: true } };
}

const WIDTH = 960;
const ROW = 26;
const TOP = 28;

/** The same as a drawing, for where there is no Plotly. */
export function flameSvg(profile: Profiled): string {
  const root = blocks(profile);
  const parts: string[] = [];
  const draw = (block: Block, x: number, depth: number): void => {
    const width = (WIDTH * block.microseconds) / root.microseconds;
    if (width < 0.5) return;
    const y = TOP + depth * ROW;
    const time = `${(block.microseconds / 1000).toFixed(3)} ms`;
    const room = Math.floor(width / 7) - 1;
    parts.push(
      `<g><title>${escaped(`${block.label}: ${time}`)}</title>` +
        `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW}" fill="${colourOf(block)}" stroke="#fff"/>` +
        (room < 3
          ? ""
          : `<text x="${(x + 4).toFixed(1)}" y="${y + 17}" fill="#fff">${escaped(block.label.slice(0, room))}</text>`) +
        "</g>",
    );
    let at = x;
    for (const child of block.children) {
      draw(child, at, depth + 1);
      at += (WIDTH * child.microseconds) / root.microseconds;
    }
  };
  draw(root, 0, 0);
  const height = TOP + 4 * ROW;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="sans-serif" font-size="12">` +
    `<title>${escaped(titleOf(profile))}</title><text x="0" y="18" font-size="14">${escaped(titleOf(profile))}</text>${parts.join("")}</svg>`
  );
}

// --- internal ---

function titleOf({ microseconds, device }: Profiled): string {
  return `${(microseconds / 1000).toFixed(3)} ms a run on ${device}`;
}

function blocks({ nodes }: Profiled): Block {
  const phases = PHASES.map((phase) => {
    const own = nodes.filter((node) => node.phase === phase);
    const ops = Map.groupBy(own, ({ op }) => op);
    const children = [...ops].map(([op, some]) => operatorBlock(phase, op, some));
    return parent(phase, phase, phase, widestFirst(children));
  });
  return parent("run", "run", null, phases);
}

function operatorBlock(phase: Phase, op: string, nodes: readonly ProfiledNode[]): Block {
  const id = `${phase}/${op}`;
  const children = nodes.map(({ label, microseconds }, i) => ({
    id: `${id}/${i}`,
    label,
    phase,
    microseconds,
    children: [],
  }));
  return parent(id, `${op} x ${nodes.length}`, phase, widestFirst(children));
}

function widestFirst(all: readonly Block[]): readonly Block[] {
  return all.toSorted((a, b) => b.microseconds - a.microseconds);
}

function parent(id: string, label: string, phase: Phase | null, of: readonly Block[]): Block {
  const children = of.filter((child) => child.microseconds > 0);
  const microseconds = children.reduce((total, child) => total + child.microseconds, 0);
  return { id, label, phase, microseconds, children };
}

function colourOf({ phase }: Block): string {
  return phase === null ? "#555555" : COLOURS[phase];
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
