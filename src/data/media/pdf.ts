/** @file PDF pages -> pictures and text, by pdfjs-dist and its own canvas. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import type { PDFDocumentProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import { DataError } from "../error.ts";
import { reason } from "../formats/parquet.ts";

export type PdfPage = {
  /** From 1, as readers show it. */
  readonly number: number;
  /** RGBA PNG on white. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** The page's text in reading order as the file has it; empty for scans. */
  readonly text: string;
};

export type ReadPdfOptions = {
  /** Pixels across. Default 768. */
  readonly width?: number;
  /** Page numbers from 1. Default: all. */
  readonly pages?: readonly number[];
  /** Draw what can be drawn of a page with errors instead of failing. Default false. */
  readonly lenient?: boolean;
  readonly signal?: AbortSignal;
};

/** No picture is larger than this on a side: a page says how large it is, and may lie. */
const MAX_SIDE = 8192;

/**
 * Pages of a PDF. Throws a DataError for a file that is broken or needs a password, and for a page
 * that can't be drawn, naming it. A page whose compressed content is rubbish comes out blank: pdfjs
 * reports nothing then.
 */
export async function readPdfPages(path: string, options: ReadPdfOptions = {}): Promise<PdfPage[]> {
  const pages: PdfPage[] = [];
  for await (const page of pdfPages(path, options)) pages.push(page);
  return pages;
}

/** The same one at a time, for long documents. */
export async function* pdfPages(
  path: string,
  { width = 768, pages, lenient = false, signal }: ReadPdfOptions = {},
): AsyncGenerator<PdfPage> {
  if (!(Number.isInteger(width) && width > 0 && width <= MAX_SIDE)) {
    throw new RangeError(`pdfPages: width must be an integer in [1, ${MAX_SIDE}], got ${width}`);
  }
  const document = await openPdf(path, lenient);
  try {
    const { numPages } = document;
    for (const number of pages ?? Array.from({ length: numPages }, (_, i) => i + 1)) {
      signal?.throwIfAborted();
      if (!(Number.isInteger(number) && number >= 1 && number <= numPages)) {
        const expected = `a page number from 1 to ${numPages}`;
        throw new DataError({ file: path, field: "page", value: number, expected });
      }
      yield await drawPage(document, { path, number, width });
    }
  } finally {
    await document.loadingTask.destroy();
  }
}

async function openPdf(path: string, lenient: boolean): Promise<PDFDocumentProxy> {
  let data: Uint8Array;
  try {
    data = new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new DataError({ file: path, expected: `a readable file (${reason(cause)})`, cause });
  }
  // Loaded when first needed: it takes a third of a second.
  const pdfjs = await import("pdfjs-dist/legacy/build/pdf.mjs");
  const root = dirname(createRequire(import.meta.url).resolve("pdfjs-dist/package.json"));
  const folder = (name: string): string => join(root, name) + sep;
  const task = pdfjs.getDocument({
    data,
    verbosity: pdfjs.VerbosityLevel.ERRORS,
    standardFontDataUrl: folder("standard_fonts"),
    cMapUrl: folder("cmaps"),
    wasmUrl: folder("wasm"),
    iccUrl: folder("iccs"),
    useSystemFonts: false,
    stopAtErrors: !lenient,
  });
  try {
    return await task.promise;
  } catch (cause) {
    await task.destroy();
    const name = cause instanceof Error ? cause.name : "";
    if (name === "PasswordException") {
      throw new DataError({
        file: path,
        expected: "a PDF without a password (this one is encrypted)",
        cause,
      });
    }
    throw new DataError({ file: path, expected: `a PDF that opens (${reason(cause)})`, cause });
  }
}

async function drawPage(
  document: PDFDocumentProxy,
  { path, number, width }: { path: string; number: number; width: number },
): Promise<PdfPage> {
  try {
    const page = await document.getPage(number);
    const natural = page.getViewport({ scale: 1 });
    const scale = Math.min(width / natural.width, MAX_SIDE / natural.height);
    const viewport = page.getViewport({ scale });
    const size = {
      width: Math.round(viewport.width),
      height: Math.max(1, Math.round(viewport.height)),
    };
    // The document's own factory: a canvas of another copy of the package would not be accepted.
    const factory = document.canvasFactory as CanvasFactory;
    const surface = factory.create(size.width, size.height);
    await page.render({ canvas: surface.canvas, viewport, background: "#ffffff" }).promise;
    const png = surface.canvas.toBuffer("image/png");
    factory.destroy(surface);
    const text = textOf(await page.getTextContent());
    page.cleanup();
    return { number, png, ...size, text };
  } catch (cause) {
    const expected = `a page that can be drawn (${reason(cause)})`;
    throw new DataError({ file: path, row: `page ${number}`, expected, cause });
  }
}

/** The part of pdfjs' canvas factory under Node that its types leave out. */
type CanvasFactory = {
  create(width: number, height: number): Surface;
  destroy(surface: Surface): void;
};
/** What the page draws on, by pdfjs' types; under Node it is a canvas of @napi-rs/canvas. */
type Surface = {
  canvas: NonNullable<PageCanvas> & { toBuffer(mime: "image/png"): Buffer };
};
type Page = Awaited<ReturnType<PDFDocumentProxy["getPage"]>>;
type PageCanvas = Parameters<Page["render"]>[0]["canvas"];

type TextContent = Awaited<ReturnType<Page["getTextContent"]>>;

function textOf({ items }: TextContent): string {
  const parts = items.map((item) => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : ""));
  return parts.join("").trim();
}
