/** @file `figure`: a Plotly figure as one MIME bundle that every front end can show (DESIGN D8). */
import type { Figure, Trace } from "../plot/index.ts";
import { PLOTLY_CONFIG } from "../plot/index.ts";
import { Shown } from "./bundle.ts";
import { escapeHtml } from "./format.ts";
import { figureSvg } from "./svg.ts";

export type FigureOptions = {
  /** What a person who can't see it should know; also what a terminal shows. */
  readonly description?: string;
  readonly title?: string;
  readonly height?: number;
  readonly layout?: Readonly<Record<string, unknown>>;
};

/**
 * A figure of src/plot, or one made of Plotly traces on the spot:
 *
 *     figure([{ type: "scatter", x, y }], { title: "loss", description: "Loss falls from 2 to 1." })
 *
 * Its bundle holds Plotly's JSON for front ends that draw it interactively; HTML with the drawing in
 * it, which needs neither scripts nor network; a PNG for those that show neither; and a sentence.
 */
export function figure(what: Figure | readonly Trace[], options: FigureOptions = {}): Shown {
  const { data, layout } = asFigure(what, options);
  const { description } = layout.meta;
  return new Shown(`[figure] ${description}`, async () => {
    const svg = figureSvg({ data, layout });
    const { default: sharp } = await import("sharp");
    const png = await sharp(Buffer.from(svg), { density: 144 }).png({ palette: true }).toBuffer();
    return {
      "application/vnd.plotly.v1+json": { data, layout, config: PLOTLY_CONFIG },
      "text/html": `<figure style="margin:0" role="img" aria-label="${escapeHtml(description)}">${svg}</figure>`,
      "image/png": png.toString("base64"),
    };
  });
}

function asFigure(what: Figure | readonly Trace[], options: FigureOptions): Figure {
  const { title, height, layout = {}, description } = options;
  const base: Figure["layout"] = "data" in what ? what.layout : { height: 380, meta: NO_WORDS };
  return {
    data: "data" in what ? what.data : what,
    layout: {
      ...base,
      ...layout,
      ...(title === undefined ? {} : { title: { text: title } }),
      height: height ?? base.height,
      meta: { ...base.meta, description: description ?? title ?? base.meta.description },
    },
  };
}

const NO_WORDS = { description: "figure" };
