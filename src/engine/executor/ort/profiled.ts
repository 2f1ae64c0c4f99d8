/** @file ONNX Runtime's own profile of a model, read from the file that it writes. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tensor } from "onnxruntime-node";
import type { NodeTime, NodeTimes } from "../types.ts";
import type { OrtLibrary } from "./library.ts";

/** Chrome's trace format. */
type Event = {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args: { readonly op_name?: string; readonly provider?: string };
};

const SUFFIX = "_kernel_time";

/** @throws Error on onnxruntime-web, which writes its profile where nobody can read it. */
export async function profiled(
  { runtime, options, web }: OrtLibrary,
  model: Uint8Array,
  inputs: Readonly<Record<string, Tensor>>,
  runs: number,
): Promise<Omit<NodeTimes, "device">> {
  if (web) throw new Error("device wasm does not tell its nodes' times; profile on cpu");
  const folder = mkdtempSync(join(tmpdir(), "rzenlab-profile-"));
  try {
    const session = await runtime.InferenceSession.create(model, {
      ...options,
      enableProfiling: true,
      profileFilePrefix: join(folder, "run"),
    });
    // The first one warms up.
    for (let run = 0; run <= runs; run++) {
      const results = Object.values(await session.run(inputs));
      for (const one of results) if (one.location === "gpu-buffer") one.dispose();
    }
    session.endProfiling();
    await session.release();
    const [file] = readdirSync(folder);
    return timesOf(JSON.parse(readFileSync(join(folder, file!), "utf8")) as Event[], runs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function timesOf(events: readonly Event[], runs: number): Omit<NodeTimes, "device"> {
  const whole = events.filter(({ name }) => name === "model_run").map(({ dur }) => dur);
  const kernels = events.filter(({ cat, name }) => cat === "Node" && name.endsWith(SUFFIX));
  const byName = Map.groupBy(kernels, ({ name }) => name.slice(0, -SUFFIX.length));
  const nodes = [...byName].map(([name, all]): NodeTime => {
    const { op_name: op = "", provider = "" } = all[0]!.args;
    const later = all.slice(all.length / (runs + 1));
    return { name, op, provider, microseconds: sum(later.map(({ dur }) => dur)) / runs };
  });
  return { nodes, microseconds: sum(whole.slice(1)) / runs };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
