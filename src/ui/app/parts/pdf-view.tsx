/** @file A PDF's pages as pictures, one at a time; the reader is fetched when the first one is shown. */
import type * as Pdf from "pdfjs-dist";
import { useEffect, useRef, useState } from "react";
import { Problem } from "./states.tsx";

type Reader = typeof Pdf;

async function loadReader(): Promise<Reader> {
  const [reader, { default: worker }] = await Promise.all([
    import("pdfjs-dist"),
    import("pdfjs-dist/build/pdf.worker.min.mjs?url"),
  ]);
  reader.GlobalWorkerOptions.workerSrc = worker;
  return reader;
}

export function PdfView({ address, name }: { address: string; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [number, setNumber] = useState(1);
  const [pages, setPages] = useState(0);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    let gone = false;
    const drawn = async (): Promise<void> => {
      const reader = await loadReader();
      const task = reader.getDocument({ url: address });
      try {
        const document = await task.promise;
        const page = await document.getPage(number);
        if (gone || canvas.current === null) return;
        const viewport = page.getViewport({ scale: 1.5 });
        canvas.current.width = viewport.width;
        canvas.current.height = viewport.height;
        await page.render({ canvas: canvas.current, viewport }).promise;
        setPages(document.numPages);
      } finally {
        await task.destroy();
      }
    };
    drawn().catch((error: Error) => gone || setFailure(error.message));
    return () => {
      gone = true;
    };
  }, [address, number]);
  if (failure !== null) return <Problem message={`${name} can't be shown: ${failure}`} />;
  return (
    <figure className="preview" data-pages={pages}>
      <p className="choices">
        <button type="button" disabled={number <= 1} onClick={() => setNumber(number - 1)}>
          Previous page
        </button>
        <span role="status">{pages === 0 ? "Loading …" : `page ${number} of ${pages}`}</span>
        <button type="button" disabled={number >= pages} onClick={() => setNumber(number + 1)}>
          Next page
        </button>
      </p>
      <canvas ref={canvas} role="img" aria-label={`${name}, page ${number}`} />
    </figure>
  );
}
