/** @file The live heap of a kernel's own process, read through Node's inspector. */
import type { Client, KernelSpec } from "./client.ts";

/** The same kernel, open to the inspector on a free local port. */
export function inspectable(spec: KernelSpec): KernelSpec {
  const [node, ...rest] = spec.argv;
  return { ...spec, argv: [node!, "--inspect=127.0.0.1:0", ...rest] };
}

/** Bytes that are alive after a collection in an `inspectable` kernel's process. */
export async function liveHeap(client: Client): Promise<number> {
  const [address] = /ws:\/\/\S+/.exec(client.log) ?? [];
  if (address === undefined) throw new Error("the kernel was not started with `inspectable`");
  const socket = new WebSocket(address);
  const answers = new Map<number, (result: { usedSize: number }) => void>();
  const failed = Promise.withResolvers<never>();
  socket.addEventListener("error", () => failed.reject(new Error(`${address} gave no answer`)));
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: { usedSize: number } };
    answers.get(id)?.(result);
  });
  const ask = (id: number, method: string): Promise<{ usedSize: number }> =>
    new Promise((resolve) => {
      answers.set(id, resolve);
      socket.send(JSON.stringify({ id, method }));
    });
  const read = async (): Promise<number> => {
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    await ask(1, "HeapProfiler.collectGarbage");
    return (await ask(2, "Runtime.getHeapUsage")).usedSize;
  };
  try {
    return await Promise.race([read(), failed.promise]);
  } finally {
    socket.close();
  }
}
