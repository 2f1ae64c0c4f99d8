/**
 * @file The suite on our kernel and its peers, as a table.
 *
 *     node test/kernel/conformance/compare.ts [--kernels rzenlab,ipykernel,tslab,deno] [--groups cells,...] [--resume]
 *
 * The peers come from PyPI and npm into .cache/jupyter. Every outcome is kept in .cache/jupyter/compare as soon as it is
 * known: `--resume` goes on where a stopped comparison was, and the table shows what is there of the kernels named. The
 * last line is a summary; exit 0 when ours is all green.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type KernelName, OURS, type Peer, peer } from "../../support/jupyter/peers.ts";
import { SUITE } from "./index.ts";
import { type Outcome, runSuite } from "./run-suite.ts";

const { values } = parseArgs({
  options: {
    kernels: { type: "string", default: "rzenlab,ipykernel,tslab,deno" },
    groups: { type: "string" },
    resume: { type: "boolean", default: false },
  },
});
const names = values.kernels.split(",") as KernelName[];
const chosen = values.groups?.split(",");
const groups = SUITE.filter(({ name }) => chosen?.includes(name) ?? true);
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const folder = join(import.meta.dirname, "../../../.cache/jupyter/compare");
mkdirSync(folder, { recursive: true });

/** Outcomes by `group: case`. */
type Column = Map<string, Outcome>;
const keyOf = (group: string, name: string): string => `${group}: ${name}`;

function readColumn(file: string): Column {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const outcomes = lines.map((line) => JSON.parse(line) as Outcome);
  return new Map(outcomes.map((outcome) => [keyOf(outcome.group, outcome.name), outcome]));
}

async function column(found: Peer): Promise<Column> {
  const file = join(folder, `${found.name}.jsonl`);
  if (!values.resume) rmSync(file, { force: true });
  const known = readColumn(file);
  const left = groups.map(({ name: group, cases }) => ({
    name: group,
    cases: cases.filter(({ name }) => !known.has(keyOf(group, name))),
  }));
  await runSuite(found, left, (outcome) => {
    known.set(keyOf(outcome.group, outcome.name), outcome);
    appendFileSync(file, `${JSON.stringify(outcome)}\n`);
    const reason = outcome.reason?.split("\n")[0] ?? "";
    const took = `${(outcome.ms / 1000).toFixed(1)} s`;
    print(
      `${found.name}: ${outcome.group}: ${outcome.name}: ${outcome.status} (${took}) ${reason}`,
    );
  });
  return known;
}

const results = new Map<KernelName, Column>();
for (const name of names) {
  let found: Peer;
  try {
    found = name === "rzenlab" ? OURS : peer(name);
  } catch (error) {
    print(`${name}: not installed, left out: ${(error as Error).message.split("\n")[0]}`);
    continue;
  }
  results.set(name, await column(found));
}

const SIGNS = { pass: "yes", fail: "**no**", "n/a": "-" };
const columns = [...results];
print("");
print(`| group | behaviour | ${columns.map(([name]) => name).join(" | ")} |`);
print(`| --- | --- | ${columns.map(() => "---").join(" | ")} |`);
for (const { name: group, cases } of groups) {
  for (const { name } of cases) {
    const cells = columns.map(([, known]) => SIGNS[known.get(keyOf(group, name))!.status]);
    print(`| ${group} | ${name} | ${cells.join(" | ")} |`);
  }
}
print("");
const asked = groups.flatMap(({ name: group, cases }) =>
  cases.map(({ name }) => keyOf(group, name)),
);
const counts = columns.map(([name, known]) => {
  const outcomes = asked.map((key) => known.get(key)!).filter(({ status }) => status !== "n/a");
  const passed = outcomes.filter(({ status }) => status === "pass").length;
  return `${name} ${passed}/${outcomes.length}`;
});
print(`kernel:compare: ${counts.join(", ")}`);
const ours = results.get("rzenlab");
process.exitCode = ours && asked.every((key) => ours.get(key)!.status !== "fail") ? 0 : 1;
