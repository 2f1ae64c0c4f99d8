/** @file A headless Chromium that comes from npm: @sparticuz/chromium's binary driven by playwright-core. */
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as driver } from "playwright-core";

/**
 * Starts the browser; the caller closes it. One is enough for a test file.
 *
 * The package's own arguments are left out: they are for cloud functions (one process for all) and
 * switch web security off, which tests of a page's policy need.
 */
export async function launchBrowser(): Promise<Browser> {
  return driver.launch({
    executablePath: await chromium.executablePath(),
    // Containers have no user namespaces for the sandbox, and a small /dev/shm.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"],
    headless: true,
  });
}
