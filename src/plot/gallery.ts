/** @file Retrievals as HTML: the query, the first results, right or wrong said in words and signs. */
import { html } from "./format.ts";
import type { GalleryItem, Media } from "./types.ts";

/** Cards by modality. A report's own titles are level 2, so groups are level 3. */
export function galleryHtml(
  items: readonly GalleryItem[],
  labels: ReadonlyMap<string, string>,
): string {
  const groups = Map.groupBy(items, ({ modality }) => modality);
  const order = [...labels.keys(), ...groups.keys()];
  const hasVideo = items.some(
    ({ query, results }) =>
      query.kind === "video" || results.some(({ media }) => media.kind === "video"),
  );
  const play = hasVideo
    ? `<p><label class="play"><input type="checkbox" id="play"> Play the clips</label></p>\n`
    : "";
  const html_ = [...new Set(order)].flatMap((modality) => {
    const own = groups.get(modality);
    if (!own) return [];
    const right = own.filter(({ rank }) => rank === 1).length;
    return [
      `<h3>${html(labels.get(modality) ?? modality)} <span class="count">${right} of ${own.length} right at rank 1</span></h3>`,
      `<div class="cards">${own.map(card).join("\n")}</div>`,
    ];
  });
  return play + html_.join("\n");
}

function card(item: GalleryItem): string {
  const { task, configuration, query, instruction, results, rank, candidates, before } = item;
  const verdict = rank === 1 ? "right" : "wrong";
  const sign = rank === 1 ? "✓" : "✗";
  const was = before
    ? ` <span class="before">(${html(before.configuration)}: rank ${before.rank})</span>`
    : "";
  const texts = results.every(({ media }) => (media.pictures ?? []).length === 0);
  const list = results.map(
    ({ media, score, relevant }, i) =>
      `<li class="${relevant ? "right" : "wrong"}"><div class="media">${mediaHtml(media, `result ${i + 1}`)}</div>` +
      `<p class="score"><span aria-hidden="true">${relevant ? "✓" : "✗"}</span> <span class="hidden">${relevant ? "right" : "wrong"},</span> ${score.toFixed(3).replace("-", "−")}</p></li>`,
  );
  // Pages are read, not glanced at: give them the whole width.
  const wide = results.some(({ media }) => media.kind === "document") ? " wide" : "";
  return `<article class="card ${verdict}${wide}">
<header><h4>${html(task)}</h4><p class="verdict ${verdict}">${sign} best right answer at rank ${rank} of ${candidates}${was}</p></header>
<div class="retrieval">
<div class="query"><p class="tag">query</p>${mediaHtml(query, "query")}${instruction ? `<p class="instruction">${html(instruction)}</p>` : ""}</div>
<ol${texts ? ' class="texts"' : ""} aria-label="ranked first by ${html(configuration)}">${list.join("")}</ol>
</div>
</article>`;
}

function mediaHtml({ kind, text, pictures = [] }: Media, role: string): string {
  const label = text ? `${role}: ${text}` : `${role}, ${kind}`;
  const words = text
    ? `<p class="words${pictures.length > 0 ? "" : " only"}">${html(text)}</p>`
    : "";
  if (pictures.length === 0) return words;
  if (kind === "video") {
    const frames = pictures.map(
      (source, i) => `<img src="${picture(source)}" alt="" style="--i:${i}">`,
    );
    return `<div class="film" role="img" aria-label="${html(label)}" style="--n:${pictures.length}">${frames.join("")}</div>${words}`;
  }
  return `<img class="${kind}" src="${picture(pictures[0]!)}" alt="${html(label)}">${words}`;
}

/** Only what is inside the page: a link to elsewhere would break it offline, and tell where it is read. */
function picture(source: string): string {
  if (!/^data:image\/(png|jpeg|webp|gif|avif|svg\+xml)[;,]/.test(source)) {
    const text = source.length > 60 ? `${source.slice(0, 57)}...` : source;
    throw new RangeError(
      `report: a picture must be a data URI of an image, got ${JSON.stringify(text)}`,
    );
  }
  return html(source);
}
