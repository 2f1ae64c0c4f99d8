/** @file A language that Intl takes: where LANG is C, Chromium's is "en-US@posix", and uPlot throws at it while it loads. */

try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en", configurable: true });
}
