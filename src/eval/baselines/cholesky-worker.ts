/** @file Worker thread of `inverseFactor`: a system in, the inverse of its factor out. */
import { parentPort, workerData } from "node:worker_threads";
import { inverseFactorHere } from "./inversefactor.ts";
import type { Square } from "./cholesky.ts";

const inverse = inverseFactorHere(workerData as Square);
parentPort!.postMessage(inverse, [inverse.buffer]);
