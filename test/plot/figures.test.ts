import { expect, test } from "vitest";
import {
  deltaForest,
  deltaHeatmap,
  duplicatesSlope,
  effectForest,
  type Figure,
  ladderGains,
  learningCurves,
  lossBarrier,
  maskQuality,
  metaTaskRadar,
  modalityBars,
  sectionsOf,
  soupLadder,
  tauCurves,
} from "../../src/plot/index.ts";
import { REPORT } from "./fixture.ts";

const { grid, modalities, datasets } = REPORT;
/** A trace's fields without their types: the tests say what they are. */
const trace = (figure: Figure, name: string): Record<string, any> =>
  figure.data.find((t) => t["name"] === name && t["fill"] === undefined)!;
const percentOf = (fraction: number): number => Math.round(fraction * 100_000) / 1_000;

const ALL = sectionsOf(REPORT).flatMap(({ blocks }) =>
  blocks.flatMap((block) => (block.kind === "figure" ? [[block.id, block.figure] as const] : [])),
);

test("the report has every figure the issue names", () => {
  expect(ALL.map(([id]) => id)).toEqual([
    "forest",
    "effects",
    "modality-bars",
    "radar",
    "heatmap",
    "baseline-bars",
    "curve-1",
    "curve-2",
    "tau-1",
    "mask",
    "duplicates",
    "ladder",
    "soup",
    "barrier",
  ]);
});

test.each(ALL)(
  "%s is plain finite JSON with a description and no colour of a theme",
  (_, figure) => {
    const text = JSON.stringify(figure);
    expect(JSON.parse(text)).toEqual(figure);
    expect(text).not.toContain("NaN");
    expect(figure.layout.meta.description.length).toBeGreaterThan(40);
    expect(figure.layout["paper_bgcolor"]).toBe("rgba(0,0,0,0)");
    for (const { x, y } of figure.data as readonly { x?: unknown[]; y?: unknown[] }[]) {
      if (x && y && !figure.data.some(({ type }) => type === "heatmap"))
        expect(x.length).toBe(y.length);
    }
  },
);

test("figures do not change what they are given, and are the same each time", () => {
  const before = JSON.stringify(REPORT);
  const [first, second] = [sectionsOf(REPORT), sectionsOf(REPORT)];
  expect(JSON.stringify(first)).toBe(JSON.stringify(second));
  expect(JSON.stringify(REPORT)).toBe(before);
});

test("bars: means in percent, whiskers reach the ends of the intervals, from 0", () => {
  const figure = modalityBars(grid.rows, modalities);
  const bar = trace(figure, "+FN");
  const { overall } = grid.rows[2]!;
  expect(bar["x"]).toEqual(["Overall", "Image", "Video", "Documents", "Text"]);
  expect(bar["y"][0]).toBe(percentOf(overall.mean));
  expect(bar["y"][0] + bar["error_y"].array[0]).toBeCloseTo(100 * overall.high!, 2);
  expect(bar["y"][0] - bar["error_y"].arrayminus[0]).toBeCloseTo(100 * overall.low!, 2);
  expect(figure.layout["yaxis"]).toMatchObject({ rangemode: "tozero" });
});

test("bars: an unknown modality is a gap, an unknown interval no whisker", () => {
  const row = { name: "x", overall: { mean: 0.5, low: null, high: null, n: 1 }, modalities: {} };
  const bar = trace(modalityBars([row], modalities), "x");
  expect(bar["y"]).toEqual([50, null, null, null, null]);
  expect(bar["error_y"].array).toEqual([0, 0, 0, 0, 0]);
});

test("radar: closed, over the meta-tasks that all rows have; none with fewer than three", () => {
  const [a, b] = grid.rows.slice(0, 2) as [(typeof grid.rows)[0], (typeof grid.rows)[0]];
  const { "T-CLS": _, ...fewer } = b.metaTasks;
  const line = trace(metaTaskRadar([a, { ...b, metaTasks: fewer }])!, a.name);
  expect(line["theta"]).not.toContain("T-CLS");
  expect(line["theta"].at(-1)).toBe(line["theta"][0]);
  expect(line["r"].at(-1)).toBe(line["r"][0]);
  expect(
    metaTaskRadar([{ ...a, metaTasks: { "I-CLS": a.overall, "I-QA": a.overall } }]),
  ).toBeUndefined();
});

test("forest: a filled mark exactly where the corrected p is below alpha", () => {
  const figure = deltaForest(grid, modalities);
  for (const row of grid.rows.slice(1)) {
    const [overall, ...rest] = figure.data.filter((t) => t["name"] === row.name) as Record<
      string,
      any
    >[];
    const filled = row.deltas!.overall.pHolm! < grid.alpha;
    expect(overall!["marker"].symbol, row.name).toBe(filled ? "circle" : "circle-open");
    expect(rest.every((t) => t["marker"].symbol === "circle-open")).toBe(true);
    expect(overall!["x"]).toEqual([percentOf(row.deltas!.overall.mean)]);
  }
  expect(figure.data.some((t) => t["name"] === "baseline")).toBe(false);
  expect(figure.layout["xaxis3"]).toMatchObject({ matches: "x" });
});

test("effects: a row for each effect, a panel for each column", () => {
  const figure = effectForest(REPORT.effects!, modalities);
  expect(figure.data).toHaveLength(6 * 5);
  expect(figure.data[3]!["name"]).toBe("hardness weighting × false-negative mask");
});

test("heat map: data sets grouped by modality, 0 in the middle, a star where the interval leaves out 0", () => {
  const figure = deltaHeatmap(grid, datasets.toReversed(), modalities);
  const map = figure.data[0] as Record<string, any>;
  const order = (map["y"] as string[]).map(
    (name) => datasets.find((d) => d.name === name)!.modality,
  );
  expect([...new Set(order)]).toEqual(["image", "video", "visdoc", "text"]);
  expect(order).toEqual(
    order.toSorted(
      (a, b) =>
        ["image", "video", "visdoc", "text"].indexOf(a) -
        ["image", "video", "visdoc", "text"].indexOf(b),
    ),
  );
  expect([map["zmid"], map["zmin"]]).toEqual([0, -map["zmax"]]);
  const at = (dataset: string, name: string): number[] => [
    map["y"].indexOf(dataset),
    map["x"].indexOf(name),
  ];
  for (const row of grid.rows.slice(1)) {
    for (const [dataset, delta] of Object.entries(row.deltas!.datasets)) {
      const [y, x] = at(dataset, row.name) as [number, number];
      expect(map["z"][y][x]).toBe(percentOf(delta.mean));
      expect(map["text"][y][x].endsWith("*")).toBe(delta.low > 0 || delta.high < 0);
    }
  }
});

test("heat map: a data set that a row lacks is a hole, not a zero", () => {
  const extra = { ...datasets[0]!, name: "unseen" };
  const map = deltaHeatmap(grid, [extra], modalities).data[0] as Record<string, any>;
  expect(map["z"]).toEqual([grid.rows.slice(1).map(() => null)]);
});

test("curves: a line and a band a group, percent only for scores, colours as everywhere", () => {
  const [loss, score] = REPORT.curves!.map(learningCurves) as [Figure, Figure];
  expect(loss.data).toHaveLength(16);
  expect(trace(score, "baseline")["y"][0]).toBeGreaterThan(20);
  expect(trace(loss, "+HW")["line"].color).toBe(trace(score, "+HW")["line"].color);
  expect(trace(loss, "+HW, tau learned")["line"].dash).toBe("dash");
  const single = {
    ...REPORT.curves![0]!,
    groups: [{ name: "a", members: [REPORT.curves![0]!.groups[0]!.members[0]!] }],
  };
  expect(learningCurves(single).data).toHaveLength(1); // one seed: no band
});

test("temperatures: log axis, start always shown, a clamp only where curves come near it", () => {
  const figure = tauCurves(REPORT.taus![0]!);
  const labels = (figure.layout["shapes"] as { label: { text: string } }[]).map(
    ({ label }) => label.text,
  );
  expect(labels).toEqual(["start 0.05", "lower clamp 0.01"]);
  expect(figure.layout["yaxis"]).toMatchObject({ type: "log" });
});

test("mask: thresholds in order, the one in use is the large mark", () => {
  const line = trace(maskQuality(REPORT.mask!.toReversed()), "+FN");
  expect(line["text"]).toEqual(["δ 0.8", "δ 0.9", "δ 0.95", "δ 0.98"]);
  expect(line["marker"].size).toEqual([7, 7, 13, 7]);
});

test("duplicates: from clean to planted", () => {
  const { rows } = REPORT.duplicates!;
  expect(trace(duplicatesSlope(REPORT.duplicates!), "+HW")["y"]).toEqual([
    percentOf(rows[1]!.clean.mean),
    percentOf(rows[1]!.planted.mean),
  ]);
});

test("ladder: gains over the first step, the paper's beside ours", () => {
  const figure = ladderGains(REPORT.ladder!);
  expect(figure.data[1]!["y"]).toEqual([0.6, 0.7, 0.7, 1, 1.5]);
  expect(figure.data[0]!["y"]).toEqual([0.3, 0.2, -0.2, 0.9, 0.7]);
});

test("soups: the best member of a column is its line", () => {
  const { shapes } = soupLadder(REPORT.soup!, modalities).layout as unknown as {
    shapes: { x0: number }[];
  };
  const members = REPORT.soup!.filter(({ kind }) => kind === "member");
  expect(shapes[0]!.x0).toBe(percentOf(Math.max(...members.map(({ overall }) => overall.mean))));
});

test("barrier: each line with its chord", () => {
  const figure = lossBarrier(REPORT.barriers!);
  expect(figure.data).toHaveLength(6);
  expect(figure.data[1]!["y"]).toEqual([1.31, 1.31]);
});
