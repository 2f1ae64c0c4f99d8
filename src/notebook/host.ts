/** @file Where this code runs: our kernel, tslab, Deno's kernel or plain Node; each shows what it can. */
import { stdout } from "node:process";
import { textOf } from "./bundle.ts";
import type { MimeBundle } from "./bundle.ts";

export type HostName = "rzenlab" | "tslab" | "deno" | "node";

export type ShowOptions = {
  /** Name under which the display is changed later. */
  readonly id?: string;
  /** Change what stands under `id` instead of adding to the output. */
  readonly update?: boolean;
};

/** What a notebook's host can do for us. */
export interface Host {
  readonly name: HostName;
  show(bundle: MimeBundle, options?: ShowOptions): Promise<void>;
  /** Aborted when the calling cell is interrupted, where the host says so. */
  readonly signal: AbortSignal | undefined;
  /** As in `In[3]`. */
  readonly executionCount: number | undefined;
  /** Id of the cell in the notebook file. */
  readonly cellId: string | undefined;
}

type KernelHost = {
  readonly signal: AbortSignal;
  readonly executionCount: number;
  readonly cellId?: string;
  display(value: unknown, options: object): PromiseLike<void>;
};
type DenoJupyter = { display(value: unknown, options: object): Promise<void> };
type TslabDisplay = { raw(type: string, data: unknown): void };
type Tslab = { display: TslabDisplay; newDisplay(): TslabDisplay };
type Globals = Record<string | symbol, unknown> & {
  Deno?: { jupyter?: DenoJupyter };
  __tslab__?: { require(name: string): Tslab };
};

/** The host, looked for anew each time: a test may pretend to be one. */
export function host(globals: object = globalThis): Host {
  const known = globals as Globals;
  const kernel = known[Symbol.for("rzenlab.kernel")] as KernelHost | undefined;
  if (kernel !== undefined) return kernelHost(kernel);
  const deno = known.Deno?.jupyter;
  if (deno !== undefined) return denoHost(deno);
  if (known.__tslab__ !== undefined) return tslabHost(known.__tslab__.require("tslab"));
  return NODE;
}

function kernelHost(kernel: KernelHost): Host {
  return {
    name: "rzenlab",
    signal: kernel.signal,
    executionCount: kernel.executionCount,
    cellId: kernel.cellId,
    async show(bundle, { id, update = false } = {}) {
      await kernel.display(bundle, { raw: true, ...(id === undefined ? {} : { id, update }) });
    },
  };
}

const ELSEWHERE = { signal: undefined, executionCount: undefined, cellId: undefined };

function denoHost(jupyter: DenoJupyter): Host {
  return {
    name: "deno",
    ...ELSEWHERE,
    show: (bundle, { id, update = false } = {}) =>
      jupyter.display(bundle, {
        raw: true,
        ...(id === undefined ? {} : { display_id: id, update }),
      }),
  };
}

/** tslab shows one type a display; the best it can is taken. */
const BEST = ["text/html", "image/svg+xml", "image/png", "text/markdown", "text/plain"];
const tslabDisplays = new Map<string, TslabDisplay>();

function tslabHost(tslab: Tslab): Host {
  return {
    name: "tslab",
    ...ELSEWHERE,
    async show(bundle, { id } = {}) {
      const type = BEST.find((one) => one in bundle);
      if (type === undefined) return;
      const place =
        id === undefined ? tslab.display : (tslabDisplays.get(id) ?? tslab.newDisplay());
      if (id !== undefined) tslabDisplays.set(id, place);
      const data = bundle[type];
      place.raw(type, type === "image/png" ? Buffer.from(String(data), "base64") : data);
    },
  };
}

const NODE: Host = {
  name: "node",
  ...ELSEWHERE,
  async show(bundle, { update = false } = {}) {
    const text = textOf(bundle);
    if (update && stdout.isTTY) stdout.write(`\r\x1b[K${text}`);
    else stdout.write(`${text}\n`);
  },
};
