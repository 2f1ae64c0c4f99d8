/** @file The tracker's pages on a tracking server, with the statistics that src/experiments computes. */
import { type ReportSource, registerUi } from "../ui/server/index.ts";
import type { Workshop } from "../experiments/index.ts";
import { RunReader } from "../tracking/reader.ts";
import type { TrackingServerOptions } from "../tracking/server/index.ts";
import { appFolder } from "./uiapp.ts";
import { placesOf } from "./places.ts";

/** What `createTrackingServer` takes as `extend`: pages over the runs of a store, pictures from the home's data. */
export async function uiPages(
  home: string,
  store: string,
): Promise<NonNullable<TrackingServerOptions["extend"]>> {
  const folder = await appFolder();
  return async (app) => {
    // A connection of its own, so that the pages notice what the server itself writes.
    const reader = RunReader.open(store);
    let opened: ReturnType<typeof openExperiments> | undefined;
    const experiments = (): ReturnType<typeof openExperiments> =>
      (opened ??= openExperiments(home, store));
    app.addHook("onClose", async () => {
      await (await opened?.catch(() => undefined))?.shop.close();
      reader.close();
    });
    const reports: ReportSource = {
      report: async (experiment) => (await experiments()).source.report(experiment),
      queries: async (experiment, choice) =>
        (await experiments()).source.queries(experiment, choice),
      html: async (report) => (await experiments()).source.html(report),
    };
    await registerUi(app, { store: reader, reports, appFolder: folder });
  };
}

/** Engine, models and picture codecs come along, half a second and 60 MB: not before a report is asked for. */
async function openExperiments(
  home: string,
  store: string,
): Promise<{ shop: Workshop; source: ReportSource }> {
  const [{ Workshop }, { reportSource }, { cachedReport }] = await Promise.all([
    import("../experiments/index.ts"),
    import("./reports.ts"),
    import("./report-cache.ts"),
  ]);
  const places = placesOf(home);
  const shop = await Workshop.open({ dataRoot: places.data, home: places.home, store });
  return { shop, source: reportSource(shop, (experiment) => cachedReport(shop, experiment)) };
}
