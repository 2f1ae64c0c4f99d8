/** @file `data verify`: every task read back, counted and hashed anew, media included. */
import { MediaDigests, taskDigest } from "./formats/digest.ts";
import { listTasks, readRelative, type TaskInfo } from "./formats/index.ts";
import { reason } from "./formats/parquet.ts";

/** One line of `data verify --json`. */
export type VerifiedTask = Pick<
  TaskInfo,
  "name" | "modality" | "metaTask" | "kind" | "split" | "queries" | "candidates" | "digest"
>;

export type Verification = {
  /** The tasks that are as their task.json says, in the order of `listTasks`. */
  readonly tasks: readonly VerifiedTask[];
  /** What is wrong with the others; the message names the file. */
  readonly problems: readonly { readonly task: string; readonly message: string }[];
};

export type VerifyOptions = {
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
  readonly signal?: AbortSignal;
};

/** Reads every task below `root` and hashes every medium it refers to, once. */
export async function verify(
  root: string,
  { onProgress, signal }: VerifyOptions = {},
): Promise<Verification> {
  const infos = await listTasks(root);
  const digests = new MediaDigests(root);
  const tasks: VerifiedTask[] = [];
  const problems: Verification["problems"][number][] = [];
  const stage = "verify tasks";
  onProgress?.({ stage, done: 0, total: infos.length });
  for (const [i, info] of infos.entries()) {
    signal?.throwIfAborted();
    const problem = await problemOf(root, info, digests);
    if (problem === undefined) tasks.push(reported(info));
    else problems.push({ task: `${info.name}/${info.split}`, message: problem });
    onProgress?.({ stage, done: i + 1, total: infos.length });
  }
  return { tasks, problems };
}

async function problemOf(
  root: string,
  info: TaskInfo,
  digests: MediaDigests,
): Promise<string | undefined> {
  try {
    const digest = await taskDigest(await readRelative(root, info), digests);
    if (digest === info.digest) return undefined;
    return `${root}: ${info.name}/${info.split}: task.json says digest ${info.digest}, but rows and media have ${digest}`;
  } catch (error) {
    return reason(error);
  }
}

function reported(info: TaskInfo): VerifiedTask {
  const { name, modality, metaTask, kind, split, queries, candidates, digest } = info;
  return { name, modality, metaTask, kind, split, queries, candidates, digest };
}
