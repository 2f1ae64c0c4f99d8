/** @file What notebooks show: bundles of figures, tables and galleries, in each host. */
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import {
  Shown,
  bundleOf,
  figure,
  figureSvg,
  gallery,
  host,
  table,
} from "../../src/notebook/index.ts";
import { DISPLAY } from "../../src/notebook/index.ts";

const BARS = [
  { type: "bar", name: "ours", x: ["image", "video"], y: [10, 20], error_y: { array: [1, 2] } },
  { type: "bar", name: "theirs", x: ["image", "video"], y: [12, 15] },
];

describe("figure", () => {
  test("is one bundle: Plotly's JSON, HTML without scripts, PNG and a sentence", async () => {
    const bundle = await bundleOf(figure(BARS, { description: "Ours leads on video." }));
    expect(Object.keys(bundle).sort()).toEqual([
      "application/vnd.plotly.v1+json",
      "image/png",
      "text/html",
      "text/plain",
    ]);
    expect(bundle["text/plain"]).toBe("[figure] Ours leads on video.");
    expect(bundle["text/html"]).not.toMatch(/<script|https?:(?!\/\/www\.w3\.org)/);
    const png = Buffer.from(bundle["image/png"] as string, "base64");
    expect((await sharp(png).metadata()).width).toBeGreaterThan(700);
  });

  test("the drawing has a bar per value, twice as high for twice the value", () => {
    const svg = figureSvg({ data: BARS, layout: { height: 300, meta: { description: "" } } });
    const bars = [...svg.matchAll(/<rect[^>]*height="([\d.]+)"[^>]*><title>/g)];
    expect(bars).toHaveLength(4);
    const [ten, twenty] = bars.map((match) => Number(match[1]));
    expect(twenty! / ten!).toBeCloseTo(2, 1);
  });

  test("lines, heat maps and logarithmic axes stay inside the frame", () => {
    const data = [
      { type: "scatter", mode: "lines+markers", x: [1, 10, 100], y: [1e-3, 1e-2, 1] },
      {
        type: "heatmap",
        z: [
          [1, 2],
          [3, 4],
        ],
      },
    ];
    const layout = {
      height: 300,
      meta: { description: "" },
      xaxis: { type: "log" },
      yaxis: { type: "log" },
    };
    const svg = figureSvg({ data: [data[0]!], layout });
    const xs = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map((match) => Number(match[1]));
    expect(xs[1]! - xs[0]!).toBeCloseTo(xs[2]! - xs[1]!, 0);
    const heat = figureSvg({
      data: [data[1]!],
      layout: { height: 300, meta: { description: "" } },
    });
    expect(heat.match(/<rect[^>]*fill="rgb/g)).toHaveLength(4);
    expect(`${svg}${heat}`).not.toContain("NaN");
  });

  test("panels stand side by side, with intervals across, on one scale where they share it", () => {
    const point = (xaxis: string, x: number, error: number) => ({
      type: "scatter",
      mode: "markers",
      xaxis,
      x: [x],
      y: ["+HW"],
      error_x: { array: [error], arrayminus: [error] },
      marker: { symbol: "circle-open" },
    });
    const svg = figureSvg({
      data: [point("x", 1, 0.5), point("x2", 1, 0.25)],
      layout: {
        height: 200,
        meta: { description: "" },
        xaxis: { domain: [0, 0.48] },
        xaxis2: { domain: [0.52, 1], matches: "x" },
        shapes: [{ type: "line", xref: "x2", x0: 1, x1: 1, yref: "paper", y0: 0, y1: 1 }],
        annotations: [{ text: "Video", xref: "paper", yref: "paper", x: 0.76, y: 1 }],
      },
    });
    const at = [...svg.matchAll(/<circle cx="([\d.]+)"[^>]*fill="#ffffff"/g)].map((m) =>
      Number(m[1]),
    );
    const bars = [
      ...svg.matchAll(/<path d="M([\d.]+) [\d.]+H([\d.]+)" stroke="[^"]*" stroke-width="2"/g),
    ];
    const [wide, narrow] = bars.map(([, from, to]) => Number(to) - Number(from));
    expect(at[1]! - at[0]!).toBeGreaterThan(200);
    expect(wide! / narrow!).toBeCloseTo(2, 1);
    expect(svg).toContain(`<path d="M${at[1]} `);
    expect(svg.match(/\+HW<\/text>/g)).toHaveLength(1);
    expect(svg).toContain(">Video</text>");
  });

  test("names what it can't draw", () => {
    const svg = figureSvg({
      data: [{ type: "scatterpolar" }],
      layout: { height: 300, meta: { description: "" } },
    });
    expect(svg).toContain("not drawn here: scatterpolar");
  });
});

test("table: numbers to four digits and right-aligned, text escaped, the rest counted", async () => {
  const shown = table(
    [
      { name: "a|<b>", score: 0.123456 },
      { name: "c", score: 2 },
    ],
    { limit: 1 },
  );
  const bundle = await bundleOf(shown);
  expect(bundle["text/html"]).toContain("a|&lt;b&gt;");
  expect(bundle["text/html"]).toContain('<td style="text-align:right">0.1235</td>');
  const address = "http://127.0.0.1:5050/ui/run/a?b&c";
  const { "text/html": markup } = await bundleOf(table([{ run: address, no: "see http://x" }]));
  expect(markup).toContain(`<a href="${address.replace("&", "&amp;")}">`);
  expect(markup).not.toContain('href="http://x"');
  expect(bundle["text/markdown"]).toContain(String.raw`| a\|<b> | 0.1235 |`);
  expect(String(shown)).toContain("… 1 more rows");
});

test("gallery: pictures as small data URIs, clips as frames, right and wrong told in signs", async () => {
  const red = await sharp({ create: { width: 300, height: 200, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  const shown = gallery([
    { caption: "one", pictures: [red], tone: "good" },
    { caption: "clip", pictures: Array.from({ length: 9 }, () => red), tone: "bad" },
  ]);
  const bundle = await bundleOf(shown);
  const html = bundle["text/html"] as string;
  expect(html.match(/<img/g)).toHaveLength(1 + 4);
  expect(html).toContain("✓ one");
  expect(html).toContain("✗ clip");
  expect(String(shown)).toBe("[image] one\n[clip] clip");
  expect(html.length).toBeLessThan(20_000);
  // The same as one picture: red where the first picture is, framed in the tone's colour.
  const sheet = sharp(Buffer.from(bundle["image/png"] as string, "base64"));
  const { data, info } = await sheet.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const pixel = (x: number, y: number): number[] => [
    ...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3),
  ];
  expect(pixel(50, 30)[0]).toBeGreaterThan(240);
  expect(pixel(50, 30)[1]).toBeLessThan(20);
  expect(pixel(1, 30)[1]).toBeGreaterThan(pixel(1, 30)[0]! + 80);
});

describe("host", () => {
  const value = new Shown("words", () => ({ "text/html": "<b>words</b>" }));

  test("plain Node is a host of text", async () => {
    expect(host({}).name).toBe("node");
    expect(await bundleOf(7)).toEqual({ "text/plain": "7" });
  });

  test("our kernel gets the whole bundle and the display's id", async () => {
    const calls: unknown[][] = [];
    const signal = new AbortController().signal;
    const kernel = {
      signal,
      executionCount: 4,
      display: async (...args: unknown[]) => void calls.push(args),
    };
    const own = host({ [Symbol.for("rzenlab.kernel")]: kernel });
    await own.show(await value.bundle(), { id: "x", update: true });
    expect(own).toMatchObject({ name: "rzenlab", executionCount: 4, signal });
    expect(calls).toEqual([
      [
        { "text/html": "<b>words</b>", "text/plain": "words" },
        { raw: true, id: "x", update: true },
      ],
    ]);
  });

  test("Deno names the id its own way", async () => {
    const calls: unknown[][] = [];
    const own = host({
      Deno: { jupyter: { display: async (...args: unknown[]) => void calls.push(args) } },
    });
    await own.show({ "text/plain": "t" }, { id: "x" });
    expect(own.name).toBe("deno");
    expect(calls[0]![1]).toEqual({ raw: true, display_id: "x", update: false });
  });

  test("tslab gets the best type it can show, and one display per id", async () => {
    const shown: unknown[][] = [];
    let made = 0;
    const display = { raw: (...args: unknown[]) => void shown.push(args) };
    const tslab = { display, newDisplay: () => (made++, display) };
    const own = host({ __tslab__: { require: () => tslab } });
    await own.show(await value.bundle(), { id: "y" });
    await own.show(await value.bundle(), { id: "y", update: true });
    expect(own.name).toBe("tslab");
    expect(made).toBe(1);
    expect(shown).toEqual([
      ["text/html", "<b>words</b>"],
      ["text/html", "<b>words</b>"],
    ]);
  });

  test("a value shows itself by the symbol that kernels know", async () => {
    const own = (value as unknown as Record<symbol, () => Promise<unknown>>)[DISPLAY]!;
    expect(await own.call(value)).toEqual({ "text/html": "<b>words</b>", "text/plain": "words" });
  });
});
