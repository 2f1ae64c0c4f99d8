/** @file Worker thread of `DecodePool`: jobs in, pixels out. */
import { parentPort } from "node:worker_threads";
import { DataError } from "./error.ts";
import { decodeMedia } from "./pixel-decode.ts";
import type { JobMessage, ResultMessage } from "./pixel-pool.ts";

parentPort!.on("message", ({ number, job }: JobMessage) => {
  decodeMedia(job).then(
    (decoded) => {
      // A view of a shared pool buffer can't be transferred, so it is copied first.
      const data = Uint8Array.from(decoded.pixels.data);
      const answer: ResultMessage = {
        number,
        decoded: { ...decoded, pixels: { ...decoded.pixels, data } },
      };
      parentPort!.postMessage(answer, [data.buffer]);
    },
    (error: unknown) => parentPort!.postMessage(failure(number, error), []),
  );
});

function failure(number: number, error: unknown): ResultMessage {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof DataError)) return { number, failure: { message } };
  const { cause: _, ...detail } = error.detail;
  return { number, failure: { message, detail } };
}
