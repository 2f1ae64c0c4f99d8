/** @file The worker thread of a device: answers requests one by one, in the order they came. */
import { parentPort, workerData } from "node:worker_threads";
import type { Backend } from "./backend.ts";
import type { Answer, AnswerMessage, Request, RequestMessage, WorkerOptions } from "./messages.ts";
import { OrtBackend } from "./ort/backend.ts";
import { liveHeap } from "./live-heap.ts";
import type { RunResult } from "./types.ts";

const options = workerData as WorkerOptions;
let opened: Backend | null = null;

async function answer(request: Request): Promise<Answer> {
  if (request.kind === "open") {
    opened = await open();
    return opened.detail;
  }
  const backend = opened!;
  switch (request.kind) {
    case "load":
      backend.load(request.state);
      return null;
    case "state":
      return backend.state(request.names);
    case "compile":
      await named(`compiling ${request.id}`, () => backend.compile(request.id, request.compiled));
      return null;
    case "run": {
      const results: RunResult[] = [];
      for (const feeds of request.feeds) {
        results.push(await backend.run(request.id, feeds));
        if (results.at(-1)!.failed !== null) break;
      }
      return results;
    }
    case "release":
      await backend.release(request.id);
      return null;
    case "profile":
      return backend.profile(request.compiled, request.feeds, request.runs);
    case "inventory":
      return { ...backend.inventory(), heapBytes: liveHeap() };
    case "close":
    default:
      await backend.close();
      return null;
  }
}

async function open(): Promise<Backend> {
  const { device } = options;
  if (device === "openvino") {
    const { OpenvinoBackend } = await import("./openvino/backend.ts");
    return OpenvinoBackend.open(options);
  }
  if (device !== "tfjs") return OrtBackend.open({ ...options, device });
  const { TfjsBackend } = await import("./tfjs/backend.ts");
  return TfjsBackend.open(options);
}

async function named(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

let last: Promise<void> = Promise.resolve();
parentPort!.on("message", ({ number, request }: RequestMessage) => {
  last = last.then(async () => {
    let message: AnswerMessage;
    try {
      message = { number, answer: await answer(request) };
    } catch (error) {
      const { message: text, stack } = error as Error;
      message = { number, error: { message: text, stack } };
    }
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
    parentPort!.postMessage(message);
  });
});
