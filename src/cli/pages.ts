/** @file The tracker's pages on a tracking server, with the statistics that src/experiments computes. */
import { registerUi } from "../ui/server/index.ts";
import { Workshop } from "../experiments/index.ts";
import type { TrackingServerOptions } from "../tracking/server/index.ts";
import { appFolder } from "./uiapp.ts";
import { placesOf } from "./places.ts";
import { cachedReport } from "./report-cache.ts";
import { reportSource } from "./reports.ts";

/** What `createTrackingServer` takes as `extend`: pages over the runs of a store, pictures from the home's data. */
export async function uiPages(
  home: string,
  store: string,
): Promise<NonNullable<TrackingServerOptions["extend"]>> {
  const folder = await appFolder();
  return async (app) => {
    const places = placesOf(home);
    const shop = await Workshop.open({ dataRoot: places.data, home: places.home, store });
    app.addHook("onClose", () => shop.close());
    const reports = reportSource(shop, (experiment) => cachedReport(shop, experiment));
    await registerUi(app, { store: shop.store, reports, appFolder: folder });
  };
}
