/** @file What the store accepts. Each check throws a StoreError naming what, the value and the rule. */
import { StoreError } from "./error.ts";
import type { NewPoint, ParamValue } from "./types.ts";

/** MLflow's limits, so that every record can be served over its API (docs/decisions/0004-store.md). */
export const MAX_KEY = 250;
export const MAX_NAME = 500;
export const MAX_VALUE = 65_535;

const LEGAL_KEY = /^[\w\-.:/ ]+$/;
const RUN_ID = /^[0-9a-f]{32}$/;

/** A metric, parameter or tag key: MLflow's characters, and equal to its own normalised path. */
export function checkKey(kind: "metric" | "param" | "tag", key: string): void {
  if (typeof key !== "string" || key.length === 0 || key.length > MAX_KEY) {
    throw invalid(`${kind} key`, key, `1 to ${MAX_KEY} characters`);
  }
  if (!LEGAL_KEY.test(key)) {
    throw invalid(
      `${kind} key`,
      key,
      "letters, digits, _ - . : / and blanks only (metricKey() makes a legal, reversible key)",
    );
  }
  if (key.split("/").some((segment) => segment === "" || segment === "." || segment === "..")) {
    throw invalid(`${kind} key`, key, "no empty, . or .. segment between slashes");
  }
}

/** `name` with each character that a metric key may not hold as `:hex:`; undone by `fromMetricKey`. */
export function metricKey(name: string): string {
  return name.replaceAll(/[^\w\-./ ]/gu, (char) => `:${char.codePointAt(0)!.toString(16)}:`);
}

/** The name behind a key made by `metricKey`. */
export function fromMetricKey(key: string): string {
  return key.replaceAll(/:([0-9a-f]+):/g, (_, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  );
}

/** The text under which a parameter is stored. */
export function paramText(key: string, value: ParamValue): string {
  checkKey("param", key);
  if (!["string", "number", "boolean"].includes(typeof value)) {
    throw invalid(`param ${key}`, value, "text, a number or a boolean");
  }
  const text = String(value);
  checkValue(`param ${key}`, text);
  return text;
}

/** The numeric copy of a parameter: null where its text is not a finite number. */
export function paramNumber(text: string): number | null {
  const number = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(number) ? number : null;
}

export function checkTag(key: string, value: string): void {
  checkKey("tag", key);
  if (typeof value !== "string") throw invalid(`tag ${key}`, value, "text");
  checkValue(`tag ${key}`, value);
}

/** A name of an experiment, run, data set, task ...: not blank, at most 500 characters. */
export function checkName(what: string, name: string): void {
  if (typeof name !== "string" || name.trim() === "" || name.length > MAX_NAME) {
    throw invalid(what, name, `1 to ${MAX_NAME} characters, not all blank`);
  }
}

export function checkRunId(id: string): void {
  if (typeof id !== "string" || !RUN_ID.test(id)) {
    throw invalid("run id", id, "32 lowercase hexadecimal digits");
  }
}

export function checkTime(what: string, ms: number): void {
  if (!Number.isSafeInteger(ms) || ms < 0) {
    throw invalid(what, ms, "whole milliseconds since 1970");
  }
}

/** Value, step and timestamp of a point; its key is checked where its series is made. */
export function checkPoint(point: NewPoint): void {
  if (typeof point.value !== "number") {
    throw invalid(`metric ${point.key}: value`, point.value, "a number (NaN and infinities too)");
  }
  if (point.step !== undefined && !Number.isSafeInteger(point.step)) {
    throw invalid(`metric ${point.key}: step`, point.step, "a safe integer");
  }
  if (point.timestamp !== undefined) checkTime(`metric ${point.key}: timestamp`, point.timestamp);
}

export function checkCount(what: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) throw invalid(what, count, "a whole number >= 0");
}

/** The error of every failed check. */
export function invalid(what: string, got: unknown, rule: string): StoreError {
  const shown = typeof got === "string" ? JSON.stringify(shorten(got)) : String(got);
  return new StoreError("INVALID", `${what} must be ${rule}, got ${shown}`);
}

function checkValue(what: string, text: string): void {
  if (text.length > MAX_VALUE) {
    throw invalid(
      what,
      text,
      `at most ${MAX_VALUE} characters (longer text belongs in an artifact), is ${text.length}`,
    );
  }
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
