/** @file One file of a run as far as a page can show it: pictures, tables, text, pages, models. */
import { useQuery } from "@tanstack/react-query";
import { artifactAddress, fileQuery, onnxQuery } from "../api.ts";
import { PICTURE } from "../steps.ts";
import { type Grid, tableOf } from "../tables.ts";
import { PdfView } from "./pdf-view.tsx";
import { MarkdownText } from "./run-notes.tsx";
import { Loaded } from "./states.tsx";

const TEXT = /\.(?:json|jsonl|txt|log|md|csv|diff|ya?ml)$/i;
const VIDEO = /\.(?:mp4|webm)$/i;

/** Larger texts are fetched only by who asks for the file. */
export const MAX_TEXT_BYTES = 4 << 20;
const MAX_ROWS = 200;
const MAX_CHARACTERS = 20_000;

export function canPreview(path: string, bytes: number): boolean {
  if (TEXT.test(path)) return bytes <= MAX_TEXT_BYTES;
  return PICTURE.test(path) || VIDEO.test(path) || /\.(?:html|pdf|onnx)$/i.test(path);
}

export function FilePreview({ runId, path }: { runId: string; path: string }) {
  const address = artifactAddress(runId, path);
  if (PICTURE.test(path)) return <img src={address} alt={path} className="preview" />;
  if (VIDEO.test(path)) return <video src={address} controls aria-label={path} />;
  if (/\.pdf$/i.test(path)) return <PdfView address={address} name={path} />;
  if (/\.onnx$/i.test(path)) return <Model runId={runId} path={path} />;
  if (/\.html$/i.test(path)) {
    // Without scripts, forms or access to this page; the server says so as well.
    return <iframe src={address} title={path} sandbox="" className="preview" />;
  }
  return <Text runId={runId} path={path} />;
}

function Text({ runId, path }: { runId: string; path: string }) {
  return (
    <Loaded of={useQuery(fileQuery(runId, path))}>
      {(text) => {
        if (/\.md$/i.test(path)) return <MarkdownText text={text} />;
        const table = tableOf(path, text);
        if (table !== null) return <Rows table={table} name={path} />;
        const cut = text.length > MAX_CHARACTERS;
        // The end of a log is what is new.
        const isLog = /\.log$/i.test(path);
        const shown = isLog ? text.slice(-MAX_CHARACTERS) : text.slice(0, MAX_CHARACTERS);
        return (
          <>
            <pre className="preview" tabIndex={0} aria-label={path}>
              {shown}
            </pre>
            {cut && (
              <p className="note">
                The {isLog ? "last" : "first"} {MAX_CHARACTERS} of {text.length} characters.
              </p>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function Rows({ table: { columns, rows }, name }: { table: Grid; name: string }) {
  return (
    <>
      <div className="scroll preview" role="region" aria-label={name} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map((column, i) => (
                <th key={i} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MAX_ROWS).map((row, i) => (
              <tr key={i}>
                {row.map((cell, j) => (
                  <td key={j}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > MAX_ROWS && (
        <p className="note">
          The first {MAX_ROWS} of {rows.length} rows.
        </p>
      )}
    </>
  );
}

function Model({ runId, path }: { runId: string; path: string }) {
  return (
    <Loaded of={useQuery(onnxQuery(runId, path))}>
      {({ producer, opset, inputs, outputs, operations, parameters }) => {
        const values = [
          ...inputs.map((value) => ["input", value] as const),
          ...outputs.map((value) => ["output", value] as const),
        ];
        const count = operations.reduce((sum, [, times]) => sum + times, 0);
        return (
          <div className="preview">
            <p>
              {parameters.toLocaleString("en")} parameters in the file, {count} operations, opset{" "}
              {opset ?? "unknown"}
              {producer !== "" && `, by ${producer}`}
            </p>
            <dl className="pairs">
              {values.map(([side, { name, type, shape }]) => (
                <div key={`${side} ${name}`}>
                  <dt>
                    {side} <code>{name}</code>
                  </dt>
                  <dd>
                    {type} [{shape.join(", ")}]
                  </dd>
                </div>
              ))}
            </dl>
            <p className="note">
              {operations.map(([type, times]) => `${times} ${type}`).join(", ")}
            </p>
          </div>
        );
      }}
    </Loaded>
  );
}
