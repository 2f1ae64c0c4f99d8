/** @file What training commands share: data that is there, one workshop, Ctrl-C that saves first. */
import { prepareMini } from "../data/index.ts";
import { type Places as WorkPlaces, Workshop } from "../experiments/index.ts";
import { progressPrinter } from "./output.ts";
import { placesOf } from "./places.ts";

export type Session = {
  readonly shop: Workshop;
  readonly places: WorkPlaces;
  readonly onProgress: ReturnType<typeof progressPrinter>;
  /** Aborted by the first Ctrl-C; a second one kills the process as usual. */
  readonly signal: AbortSignal;
};

export type SessionOptions = {
  readonly home: string;
  /** Whether the tasks are those of stage 1, the pretraining pool among them. Default false. */
  readonly pretraining?: boolean;
};

/** Prepares the data if need be, then works as `withWorkshop` does. */
export async function withSession<T>(
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { pretraining = false } = options;
  await prepareMini(dataOf(options), { pretraining, onProgress: progressPrinter() });
  return withWorkshop(options, work);
}

function dataOf({ home, pretraining = false }: SessionOptions): string {
  const places = placesOf(home);
  return pretraining ? places.pretraining : places.data;
}

/** Opens a workshop for `work` and closes it whatever happens; tasks can be read only if the data is there. */
export async function withWorkshop<T>(
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { store, home: root } = placesOf(options.home);
  const onProgress = progressPrinter();
  const places = { dataRoot: dataOf(options), home: root, store };
  const shop = await Workshop.open(places);
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  process.once("SIGINT", interrupt);
  try {
    return await work({ shop, places, onProgress, signal: abort.signal });
  } finally {
    process.removeListener("SIGINT", interrupt);
    await shop.close();
  }
}
