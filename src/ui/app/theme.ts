/** @file Light or dark: the system's choice until a person makes one, which is remembered. */
import { useSyncExternalStore } from "react";

const KEY = "theme";
const CHANGED = "themechange";

export function isDark(): boolean {
  const chosen = localStorage.getItem(KEY);
  return chosen === null ? matchMedia("(prefers-color-scheme: dark)").matches : chosen === "dark";
}

export function applyTheme(): void {
  document.documentElement.dataset["theme"] = isDark() ? "dark" : "light";
}

export function chooseTheme(dark: boolean): void {
  localStorage.setItem(KEY, dark ? "dark" : "light");
  applyTheme();
  dispatchEvent(new Event(CHANGED));
}

/** For what draws its own colours: figures. */
export function useIsDark(): boolean {
  return useSyncExternalStore((changed) => {
    addEventListener(CHANGED, changed);
    return () => removeEventListener(CHANGED, changed);
  }, isDark);
}
