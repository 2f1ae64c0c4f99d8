/** @file Where a run came from: cell, commit, uncommitted changes, data, machine, versions. */
import { useQuery } from "@tanstack/react-query";
import type { RunDetail } from "../../server/types.ts";
import { fileQuery } from "../api.ts";
import { Pairs } from "./pairs.tsx";

const OWN = /^(?:rzenlab\.|mlflow\.note\.)/;

export function RunOrigin({ run }: { run: RunDetail }) {
  const { tags, inputs } = run;
  const known = originOf(tags);
  const others = Object.fromEntries(Object.entries(tags).filter(([key]) => !OWN.test(key)));
  const has = (path: string): boolean => run.artifacts.some((file) => file.path === path);
  return (
    <section>
      <h2>Where it came from</h2>
      {Object.keys(known).length > 0 ? (
        <Pairs values={known} />
      ) : (
        <p className="note">Nobody recorded a commit, a cell or a machine.</p>
      )}
      {has("dirty.diff") && <Diff run={run} />}
      {inputs.length > 0 && (
        <details>
          <summary>Data it read ({inputs.length})</summary>
          <dl className="pairs">
            {inputs.map(({ dataset: { name, digest }, tags: { "mlflow.data.context": use } }) => (
              <div key={`${name} ${digest} ${use}`}>
                <dt>
                  {name} <small>{use}</small>
                </dt>
                <dd>
                  <code>{digest}</code>
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {has("environment.json") && <Environment run={run} />}
      {Object.keys(others).length > 0 && (
        <details>
          <summary>Tags ({Object.keys(others).length})</summary>
          <Pairs values={others} />
        </details>
      )}
    </section>
  );
}

const NAMES: readonly (readonly [tag: string, name: string])[] = [
  ["rzenlab.notebook.path", "Notebook"],
  ["rzenlab.notebook.cell", "Cell"],
  ["rzenlab.notebook.execution", "Execution of the cell"],
  ["rzenlab.commit", "Commit"],
  ["mlflow.source.git.commit", "Commit"],
  ["mlflow.source.name", "Started by"],
  ["rzenlab.digest.data", "Digest of the data"],
  ["rzenlab.digest.start", "Digest of the start"],
  ["rzenlab.code", "Code version"],
  ["rzenlab.machine", "Machine"],
];

function originOf(tags: Readonly<Record<string, string>>): Record<string, string> {
  const found = NAMES.flatMap(([tag, name]) => {
    const value = tags[tag];
    return value === undefined ? [] : [[name, value] as const];
  });
  const clean = { true: "yes, see the diff", false: "none" }[tags["rzenlab.dirty"] ?? ""];
  return {
    ...Object.fromEntries(found),
    ...(clean === undefined ? {} : { "Uncommitted changes": clean }),
  };
}

function Diff({ run }: { run: RunDetail }) {
  const { data } = useQuery(fileQuery(run.id, "dirty.diff"));
  return (
    <details>
      <summary>Uncommitted changes</summary>
      <pre className="preview diff" tabIndex={0} aria-label="Uncommitted changes">
        {data?.split("\n").map((line, i) => (
          <span key={i} className={{ "+": "added", "-": "removed", "@": "place" }[line[0] ?? ""]}>
            {line}
            {"\n"}
          </span>
        ))}
      </pre>
    </details>
  );
}

function Environment({ run }: { run: RunDetail }) {
  const { data } = useQuery(fileQuery(run.id, "environment.json"));
  if (data === undefined) return null;
  return (
    <details>
      <summary>Environment</summary>
      <Pairs values={versionsOf(data)} />
    </details>
  );
}

/** What a person wrote there may be anything. */
function versionsOf(text: string): Record<string, string> {
  try {
    const { versions } = JSON.parse(text) as { versions?: Record<string, string> };
    if (versions !== undefined) return versions;
  } catch {
    // shown as it is
  }
  return { "environment.json": text };
}
