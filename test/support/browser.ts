/** @file A headless Chromium that comes from npm: @sparticuz/chromium's binary driven by playwright-core. */
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as driver } from "playwright-core";

/** Starts the browser; the caller closes it. One is enough for a test file. */
export async function launchBrowser(): Promise<Browser> {
  return driver.launch({
    executablePath: await chromium.executablePath(),
    // Its arguments are for cloud functions: one process would make every crash ours.
    args: chromium.args.filter((arg) => arg !== "--single-process" && arg !== "--no-zygote"),
    headless: true,
  });
}
