/** @file Pages in a real browser: a server over a workshop as `rzenlab ui` starts it, and what every page must pass. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import { reportSource } from "../../../src/cli/reports.ts";
import { appFolder } from "../../../src/cli/uiapp.ts";
import type { Workshop } from "../../../src/experiments/index.ts";
import { createTrackingServer } from "../../../src/tracking/server/index.ts";
import { registerUi } from "../../../src/ui/server/index.ts";

/** What a page may take on a machine that others share. Nothing is measured by it. */
export const PATIENCE = 240_000;

export type Served = { readonly app: FastifyInstance; readonly address: string };

/** Listens on a free port of the loopback address; the caller closes `app`, then the workshop. */
export async function servePages(shop: Workshop): Promise<Served> {
  const folder = await appFolder();
  const app = createTrackingServer({
    store: shop.store,
    extend: (scope) =>
      registerUi(scope, { store: shop.store, reports: reportSource(shop), appFolder: folder }),
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return { app, address: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` };
}

export type PageOptions = {
  readonly scheme?: "light" | "dark";
  /** Pixels; 390 is a phone. */
  readonly width?: number;
  readonly height?: number;
};

/** What pages complained of: uncaught errors and whatever their console calls an error. */
const complaints = new WeakMap<Page, string[]>();

/** Opens an address and waits for the page's heading. The caller closes the page. */
export async function openPage(
  browser: Browser,
  url: string,
  { scheme = "light", width = 1_400, height = 900 }: PageOptions = {},
): Promise<Page> {
  const page = await browser.newPage({
    colorScheme: scheme,
    viewport: { width, height },
    locale: "en-GB", // where LANG is unset Chromium's own is no language tag
  });
  page.setDefaultTimeout(PATIENCE / 2);
  const heard: string[] = [];
  complaints.set(page, heard);
  page.on("pageerror", (error) => heard.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") heard.push(`${message.text()} (${message.location().url})`);
  });
  await page.goto(url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

const axeSource = readFile(createRequire(import.meta.url).resolve("axe-core"), "utf8");

/** Says whose rule a page breaks (WCAG 2.2 AA and axe's good practice), by the element. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await axeSource); // through the debugger, which the page's policy lets in
  return page.evaluate(async () => {
    type Found = { id: string; nodes: { html: string; failureSummary: string }[] };
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: Found[] }> };
    };
    const { violations: found } = await axe.run();
    return found.map(({ id, nodes }) => `${id}: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`);
  });
}

/** Elements that make the page wider than its window; none on a good phone. */
export function stickingOut(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const { clientWidth, scrollWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return [...document.body.querySelectorAll("*")]
      .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
      .map((element) => element.outerHTML.slice(0, 120));
  })()`);
}

/** Expects of a page that is loaded: accessible, not wider than its window, nothing complained of. */
export async function expectSound(page: Page): Promise<void> {
  expect(await violations(page)).toEqual([]);
  expect(await stickingOut(page)).toEqual([]);
  expect(complaints.get(page)).toEqual([]);
}

/** Keeps a picture where RZENLAB_SHOTS names a folder. */
export async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  const folder = process.env["RZENLAB_SHOTS"];
  if (folder === undefined) return;
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage });
}
