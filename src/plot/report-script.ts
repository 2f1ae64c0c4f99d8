/**
 * @file The page's own script, as text: draws the figures one after another, in the colours of light
 * or dark, again when that changes. Runs in browsers of the last years; no modules, no network.
 */
import { DARK } from "./colours.ts";
import { PLOTLY_CONFIG } from "./figure.ts";

/** Colours as they stand in figures -> their twins on a dark page: hex, and the start of rgba(). */
function darkTwins(): [string, string][] {
  const rgb = (hex: string): string =>
    `rgba(${[1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(", ")},`;
  return Object.entries(DARK).flatMap(([light, dark]) => [
    [light, dark],
    [rgb(light), rgb(dark)],
  ]);
}

export function pageScript(): string {
  return `
(() => {
  "use strict";
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const twins = ${JSON.stringify(darkTwins())};
  const config = ${JSON.stringify(PLOTLY_CONFIG)};
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const template = () => {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = { gridcolor: colour("--grid"), linecolor: colour("--grid"), zerolinecolor: colour("--axis") };
    const box = { bgcolor: colour("--paper"), bordercolor: colour("--axis"), font: { color: colour("--ink") } };
    return { layout: {
      font: { color: colour("--ink") }, xaxis: axis, yaxis: axis, hoverlabel: box,
      modebar: { color: colour("--soft"), activecolor: colour("--ink"), bgcolor: "rgba(0,0,0,0)" },
      polar: { radialaxis: axis, angularaxis: axis },
    } };
  };
  const themed = (figure) => {
    let text = JSON.stringify(figure);
    if (dark.matches) for (const [light, twin] of twins) text = text.replaceAll(light, twin);
    const { data, layout } = JSON.parse(text);
    return { data, layout: { ...layout, template: template() } };
  };
  let round = 0;
  const drawAll = async () => {
    const own = ++round;
    delete document.documentElement.dataset.drawn;
    for (const [id, figure] of Object.entries(figures)) {
      if (own !== round) return;
      const place = document.getElementById("figure-" + id);
      try {
        const { data, layout } = themed(figure);
        await Plotly.react(place, data, layout, config);
        place.dataset.drawn = "yes";
      } catch (error) {
        place.textContent = "This figure could not be drawn: " + error.message;
        console.error(id, error);
      }
      await new Promise((done) => setTimeout(done));
    }
    document.documentElement.dataset.drawn = "all";
  };
  dark.addEventListener("change", drawAll);
  drawAll();
})();
`;
}
