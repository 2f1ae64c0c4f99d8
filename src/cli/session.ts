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

/** Prepares the data if need be, opens a workshop for `work` and closes it whatever happens. */
export async function withSession<T>(
  { home }: { readonly home: string },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { data, store, home: root } = placesOf(home);
  const onProgress = progressPrinter();
  await prepareMini(data, { onProgress });
  const places = { dataRoot: data, home: root, store };
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
