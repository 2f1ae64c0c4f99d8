/** @file The view on screen as one HTML file: pictures inside, no scripts, nothing fetched; for mails and archives. */

const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";
/** What does nothing without its script. */
const DEAD = "script, link, iframe, video, dialog, .modebar, [role=dialog], .bar button, .skip";

/** The page as it is now, with what is unfolded unfolded. */
export async function snapshot(): Promise<string> {
  const root = document.documentElement;
  const copy = root.cloneNode(true) as HTMLElement;
  drawnCanvases(root, copy);
  await Promise.all([...copy.querySelectorAll("img")].map(inlined));
  for (const element of copy.querySelectorAll(DEAD)) element.remove();
  for (const link of copy.querySelectorAll("a")) link.href = new URL(link.href, location.href).href;
  for (const button of copy.querySelectorAll("button")) button.disabled = true;
  for (const style of copy.querySelectorAll("style")) style.remove();
  const head = copy.querySelector("head")!;
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = POLICY;
  const style = document.createElement("style");
  style.textContent = stylesheet();
  head.append(policy, style);
  const note = document.createElement("p");
  note.className = "note";
  note.textContent = `Saved ${new Date().toISOString()} from ${location.href}`;
  copy.querySelector("main")?.append(note);
  return `<!doctype html>\n${copy.outerHTML}\n`;
}

/** A copied canvas is empty: a picture takes its place. */
function drawnCanvases(root: HTMLElement, copy: HTMLElement): void {
  const drawn = root.querySelectorAll("canvas");
  for (const [i, canvas] of copy.querySelectorAll("canvas").entries()) {
    const picture = document.createElement("img");
    picture.src = drawn[i]!.toDataURL();
    picture.alt = canvas.getAttribute("aria-label") ?? "";
    picture.style.cssText = canvas.style.cssText;
    canvas.replaceWith(picture);
  }
}

async function inlined(picture: HTMLImageElement): Promise<void> {
  picture.loading = "eager";
  if (picture.src.startsWith("data:")) return;
  const response = await fetch(picture.src);
  if (!response.ok) return;
  const type = response.headers.get("content-type") ?? "image/png";
  picture.src = `data:${type};base64,${(await response.bytes()).toBase64()}`;
}

/** Rules that were inserted by scripts are no text of any element. */
function stylesheet(): string {
  return [...document.styleSheets]
    .flatMap(({ cssRules }) => [...cssRules].map(({ cssText }) => cssText))
    .join("\n");
}
