/** @file The heap of a kernel's own process, read through Node's inspector. */
import type { Client, KernelSpec } from "./client.ts";

/** The same kernel, open to the inspector on a free local port. */
export function inspectable(spec: KernelSpec): KernelSpec {
  const [node, ...rest] = spec.argv;
  return { ...spec, argv: [node!, "--inspect=127.0.0.1:0", ...rest] };
}

type Usage = { readonly totalSize: number; readonly usedSize: number };

export type Heap = {
  /** Bytes that V8 had taken for objects and garbage. */
  readonly held: number;
  /** Bytes of objects that are left after a collection. */
  readonly live: number;
};

/** The heap of an `inspectable` kernel's process, which is collected in between. */
export async function heapOf(client: Client): Promise<Heap> {
  const [address] = /ws:\/\/\S+/.exec(client.log) ?? [];
  if (address === undefined) throw new Error("the kernel was not started with `inspectable`");
  const socket = new WebSocket(address);
  const answers = new Map<number, (result: Usage) => void>();
  const failed = Promise.withResolvers<never>();
  socket.addEventListener("error", () => failed.reject(new Error(`${address} gave no answer`)));
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: Usage };
    answers.get(id)?.(result);
  });
  const ask = (id: number, method: string): Promise<Usage> =>
    new Promise((resolve) => {
      answers.set(id, resolve);
      socket.send(JSON.stringify({ id, method }));
    });
  const read = async (): Promise<Heap> => {
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    const held = (await ask(1, "Runtime.getHeapUsage")).totalSize;
    await ask(2, "HeapProfiler.collectGarbage");
    return { held, live: (await ask(3, "Runtime.getHeapUsage")).usedSize };
  };
  try {
    return await Promise.race([read(), failed.promise]);
  } finally {
    socket.close();
  }
}
