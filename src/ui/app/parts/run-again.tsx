/** @file What can be done with a run: made again, changed, gone on with, stopped; and what can't from here. */
import { useState } from "react";
import type { RunDetail } from "../../server/types.ts";
import { hasCommand, resumeCommand, trainCommand } from "../command.ts";

export function RunAgain({ run }: { run: RunDetail }) {
  return (
    <section>
      <h2>Run it</h2>
      <p className="note">{whatIsPossible(run)}</p>
      {(run.status === "FAILED" || run.status === "KILLED") && hasCommand(run.params) && (
        <>
          <h3>Go on from its last checkpoint</h3>
          <Command text={resumeCommand(run.id)} />
        </>
      )}
      {hasCommand(run.params) && (
        <>
          <details>
            <summary>The command that makes it again</summary>
            <Command text={trainCommand(run.params)} />
          </details>
          <With run={run} />
        </>
      )}
    </section>
  );
}

function whatIsPossible({ status, params }: RunDetail): string {
  if (!hasCommand(params)) {
    return "The run names no recipe, so it was not made by rzenlab: how to make it again, stop it or go on with it only its author knows.";
  }
  if (status === "RUNNING") {
    return "It is running. This page reads what it writes and cannot reach its process: stop it with Ctrl-C where it was started. It can be gone on with afterwards.";
  }
  const where =
    "This page starts nothing: it gives the command, to be typed in the project’s folder.";
  return status === "FINISHED" ? `It is finished, so there is nothing to resume. ${where}` : where;
}

/** The settings, to be changed; the command follows. */
function With({ run: { params } }: { run: RunDetail }) {
  const [changes, setChanges] = useState<Readonly<Record<string, string>>>({});
  const settings = Object.keys(params)
    .filter((key) => key !== "recipe")
    .sort();
  return (
    <details>
      <summary>Run again with …</summary>
      <div className="pairs">
        {settings.map((key) => {
          const value = changes[key] ?? params[key]!;
          return (
            <label key={key} className={value === params[key] ? "" : "changed"}>
              {key}
              <input
                value={value}
                onChange={(event) => setChanges({ ...changes, [key]: event.target.value })}
              />
            </label>
          );
        })}
      </div>
      <Command text={trainCommand(params, changes)} />
    </details>
  );
}

function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState("");
  return (
    <>
      <pre className="command" tabIndex={0}>
        {text}
      </pre>
      <button
        type="button"
        onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(text))}
      >
        {copied === text ? "Copied" : "Copy"}
      </button>
    </>
  );
}
