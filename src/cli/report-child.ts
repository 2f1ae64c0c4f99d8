/** @file A process that computes one experiment's report: some twenty seconds that would hold up a server. */
import { type Places, Workshop, buildReport } from "../experiments/index.ts";
import type { Report } from "../plot/index.ts";

export type ReportRequest = {
  readonly places: Places;
  readonly experiment: string;
  readonly command: string;
};
export type ReportReply =
  | { readonly report: Report }
  | { readonly error: { readonly name: string; readonly message: string } };

process.once("disconnect", () => process.exit(1)); // nobody waits any more
process.once("message", (request: ReportRequest) => void answer(request));

async function answer({ places, experiment, command }: ReportRequest): Promise<void> {
  const shop = await Workshop.open(places);
  let reply: ReportReply;
  try {
    reply = { report: await buildReport(shop, experiment, { command, wallSeconds: 0 }) };
  } catch (error) {
    const { name, message } = error as Error;
    reply = { error: { name, message } };
  } finally {
    await shop.close();
  }
  process.send!(reply, () => process.disconnect());
}
