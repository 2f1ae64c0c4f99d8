/** @file A run's files: pictures by step, logs open, everything else on demand. */
import { useState } from "react";
import type { RunDetail } from "../../server/types.ts";
import { artifactAddress } from "../api.ts";
import { steppedPictures } from "../steps.ts";
import { FilePreview, MAX_TEXT_BYTES, canPreview } from "./file-preview.tsx";
import { ImageSteps } from "./image-steps.tsx";

export function RunFiles({ run }: { run: RunDetail }) {
  const { id, artifacts } = run;
  const series = steppedPictures(artifacts.map(({ path }) => path));
  const grouped = new Set(series.flatMap(({ pictures }) => pictures.map(({ path }) => path)));
  const logs = artifacts.filter(
    ({ path, bytes }) => /\.log$/i.test(path) && bytes <= MAX_TEXT_BYTES,
  );
  return (
    <>
      {series.length > 0 && (
        <section>
          <h2>Pictures by step</h2>
          <div className="curves">
            {series.map((one) => (
              <ImageSteps key={one.name} runId={id} series={one} />
            ))}
          </div>
        </section>
      )}
      {logs.length > 0 && (
        <section>
          <h2>Logs</h2>
          {logs.map(({ path }) => (
            <details key={path} open={logs.length === 1}>
              <summary>{path}</summary>
              <FilePreview runId={id} path={path} />
            </details>
          ))}
        </section>
      )}
      <section>
        <h2>Files</h2>
        {artifacts.length === 0 ? (
          <p className="note">The run kept no files.</p>
        ) : (
          <ul className="files">
            {artifacts
              .filter(({ path }) => !grouped.has(path))
              .map(({ path, bytes }) => (
                <File key={path} runId={id} path={path} bytes={bytes} />
              ))}
          </ul>
        )}
      </section>
    </>
  );
}

function File({ runId, path, bytes }: { runId: string; path: string; bytes: number }) {
  const [shown, setShown] = useState(false);
  return (
    <li>
      <a href={artifactAddress(runId, path)}>{path}</a> <small>{sizeOf(bytes)}</small>
      {canPreview(path, bytes) && (
        <button
          type="button"
          aria-expanded={shown}
          aria-label={`${shown ? "hide" : "show"} ${path}`}
          onClick={() => setShown(!shown)}
        >
          {shown ? "hide" : "show"}
        </button>
      )}
      {shown && <FilePreview runId={runId} path={path} />}
    </li>
  );
}

function sizeOf(bytes: number): string {
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
