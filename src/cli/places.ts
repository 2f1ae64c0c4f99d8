/** @file Where everything lies below the home folder. */
import { join, resolve } from "node:path";

/** Absolute places of one home. */
export type Places = {
  readonly home: string;
  /** The prepared benchmark. */
  readonly data: string;
  /** The benchmark once more, with the pretraining pool: what stage 1 reads. */
  readonly pretraining: string;
  /** The run store's folder. */
  readonly store: string;
  readonly reports: string;
};

export function placesOf(home: string): Places {
  const root = resolve(home);
  return {
    home: root,
    data: join(root, "data", "mini-mmeb"),
    pretraining: join(root, "data", "mini-mmeb-pretraining"),
    store: join(root, "store"),
    reports: join(root, "reports"),
  };
}
