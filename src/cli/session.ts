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

/** Prepares the data if need be, then works as `withWorkshop` does. */
export async function withSession<T>(
  options: { readonly home: string },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  await prepareMini(placesOf(options.home).data, { onProgress: progressPrinter() });
  return withWorkshop(options, work);
}

/** Opens a workshop for `work` and closes it whatever happens; tasks can be read only if the data is there. */
export async function withWorkshop<T>(
  { home }: { readonly home: string },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { data, store, home: root } = placesOf(home);
  const onProgress = progressPrinter();
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
