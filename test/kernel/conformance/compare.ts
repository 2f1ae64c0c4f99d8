/**
 * @file The suite on our kernel and its peers, as a table.
 *
 *     node test/kernel/conformance/compare.ts [--kernels rzenlab,ipykernel,tslab,deno] [--groups cells,...] [--out FILE.json]
 *
 * The peers come from PyPI and npm into .cache/jupyter. The last line is a summary; exit 0 when ours is all green.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type KernelName, OURS, type Peer, peer } from "../../support/jupyter/peers.ts";
import { SUITE } from "./index.ts";
import { type Outcome, runSuite } from "./run-suite.ts";

const { values } = parseArgs({
  options: {
    kernels: { type: "string", default: "rzenlab,ipykernel,tslab,deno" },
    groups: { type: "string" },
    out: { type: "string" },
  },
});
const names = values.kernels.split(",") as KernelName[];
const chosen = values.groups?.split(",");
const groups = SUITE.filter(({ name }) => chosen?.includes(name) ?? true);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const results = new Map<KernelName, Outcome[]>();
for (const name of names) {
  let found: Peer;
  try {
    found = name === "rzenlab" ? OURS : peer(name);
  } catch (error) {
    print(`${name}: not installed, left out: ${(error as Error).message.split("\n")[0]}`);
    continue;
  }
  const outcomes = await runSuite(found, groups, ({ group, name: title, status, reason }) => {
    if (status === "fail") print(`${name}: ${group}: ${title}: ${reason?.split("\n")[0]}`);
  });
  results.set(name, outcomes);
}

const SIGNS = { pass: "yes", fail: "NO", "n/a": "-" };
const columns = [...results.keys()];
print("");
print(`| group | behaviour | ${columns.join(" | ")} |`);
print(`| --- | --- | ${columns.map(() => "---").join(" | ")} |`);
for (const group of groups) {
  for (const [i, { name }] of group.cases.entries()) {
    const before = groups
      .slice(0, groups.indexOf(group))
      .reduce((sum, each) => sum + each.cases.length, 0);
    const cells = columns.map((column) => SIGNS[results.get(column)![before + i]!.status]);
    print(`| ${group.name} | ${name} | ${cells.join(" | ")} |`);
  }
}
print("");
const counts = columns.map((column) => {
  const outcomes = results.get(column)!.filter(({ status }) => status !== "n/a");
  const passed = outcomes.filter(({ status }) => status === "pass").length;
  return `${column} ${passed}/${outcomes.length}`;
});
if (values.out)
  writeFileSync(values.out, JSON.stringify(Object.fromEntries(results), undefined, 1));
print(`kernel:compare: ${counts.join(", ")}`);
process.exitCode = results.get("rzenlab")?.every(({ status }) => status !== "fail") ? 0 : 1;
