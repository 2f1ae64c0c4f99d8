/** @file Questions to a page in the browser, as text: the tests' own types know no DOM. */

/** Elements that a screen reader would have to pass over without a name. */
export const NAMELESS = `
  [...document.querySelectorAll(
    "img:not([alt]), [role=img]:not([aria-label]), section:not([aria-labelledby]), [role=region]:not([aria-labelledby])",
  )].map((element) => element.outerHTML.slice(0, 80))`;

/** Ids that stand twice (Plotly's own left out), and ids that are pointed to but not there. */
export const WRONG_IDS = `(() => {
  const all = [...document.querySelectorAll("[id]:not(.plot *)")].map((element) => element.id);
  const wanted = [...document.querySelectorAll("[aria-labelledby], nav a")].map(
    (element) => element.getAttribute("aria-labelledby") ?? element.getAttribute("href").slice(1),
  );
  return {
    twice: all.filter((id, i) => all.indexOf(id) !== i),
    missing: wanted.filter((id) => !all.includes(id)),
  };
})()`;

/** Text whose contrast with what lies behind it is below 4.5 to 1 (WCAG AA), figures left out. */
export const FAINT_TEXT = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((value) => {
      const v = value / 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const out = [];
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest(".plot, svg, script, style, noscript, .hidden")) continue;
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== "");
    if (!own) continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) out.push(contrast.toFixed(2) + " " + element.outerHTML.slice(0, 60));
  }
  return out;
})()`;

/** Colour of a figure's text, and of the line "+FN". */
export const LINE_COLOURS = `(() => {
  const { _fullLayout, _fullData } = document.getElementById("figure-curve-1");
  return [_fullLayout.font.color, _fullData.find((trace) => trace.name === "+FN" && trace.showlegend).line.color];
})()`;
