/** @file A Plotly figure of src/plot in the page's colours; Plotly is fetched when the first one is shown. */
import { useEffect, useRef, useState } from "react";
import { DARK, type Figure, PLOTLY_CONFIG } from "../../../plot/index.ts";
import { useIsDark } from "../theme.ts";

type Plotly = {
  react(element: HTMLElement, data: unknown, layout: unknown, config: unknown): Promise<void>;
  purge(element: HTMLElement): void;
};

let plotly: Promise<Plotly> | undefined;
function loadPlotly(): Promise<Plotly> {
  plotly ??= import("plotly.js-dist-min").then(
    (module) => (module as unknown as { default: Plotly }).default,
  );
  return plotly;
}

export function FigureView({ figure, label }: { figure: Figure; label: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [drawn, setDrawn] = useState(false);
  const dark = useIsDark();
  useEffect(() => {
    const element = place.current!;
    let gone = false;
    void loadPlotly().then(async (library) => {
      if (gone) return;
      await library.react(element, ...inColours(figure, dark), PLOTLY_CONFIG);
      setDrawn(true);
    });
    return () => {
      gone = true;
    };
  }, [figure, dark]);
  useEffect(() => {
    const element = place.current!;
    return () => void plotly?.then((library) => library.purge(element));
  }, []);
  const { description, minWidth } = figure.layout.meta;
  return (
    <figure className="plot" data-drawn={drawn}>
      <div className="scroll" role="region" aria-label={`${label}: ${description}`} tabIndex={0}>
        <div ref={place} style={{ minWidth, minHeight: figure.layout.height }} />
      </div>
    </figure>
  );
}

/** Every colour of the light palette replaced by its twin; text and grid as the page's. */
function inColours(figure: Figure, dark: boolean): [data: unknown, layout: unknown] {
  const ink = dark ? "#d3d8df" : "#2b3038";
  const grid = dark ? "#353b44" : "#e3e5e8";
  const axes = Object.fromEntries(
    Object.entries(figure.layout)
      .filter(([key]) => /^[xy]axis\d*$/.test(key))
      .map(([key, value]) => [key, { gridcolor: grid, linecolor: grid, ...(value as object) }]),
  );
  const layout = {
    ...figure.layout,
    ...axes,
    font: { ...(figure.layout["font"] as object), color: ink },
  };
  const text = JSON.stringify([figure.data, layout]);
  const shown = dark ? text.replaceAll(/#[0-9a-f]{6}/g, (colour) => DARK[colour] ?? colour) : text;
  return JSON.parse(shown) as [unknown, unknown];
}
