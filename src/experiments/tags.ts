/** @file Names that a run goes by in the store. Browser code reads them too. */

export const TAGS = {
  /** Key under which the run is reused: config, data, start and code. */
  key: "rzenlab.key",
  commit: "rzenlab.commit",
  dirty: "rzenlab.dirty",
  machine: "rzenlab.machine",
  /** Digests of the training data and of the checkpoint it started from. */
  data: "rzenlab.digest.data",
  start: "rzenlab.digest.start",
  code: "rzenlab.code",
  /** What computed the training steps (under `auto`, what was found), and the library behind it. */
  device: "rzenlab.device",
  library: "rzenlab.device.library",
  /** "true" once the test split is scored. */
  scored: "rzenlab.scored",
  /** The process that trains it, or did: its id and when it started. */
  process: "rzenlab.process",
  /** Why it failed. */
  error: "rzenlab.error",
} as const;

/** With the soup that keeps an experiment's loss barriers; its value is the experiment. */
export const BARRIERS_TAG = "rzenlab.barriers";

/** Tags of grid members begin with this. */
export const MEMBER_TAG = "rzenlab.member/";
