/** @file A progress bar in one display: rate, time left, at most 20 updates a second. */
import { duration, escapeHtml } from "./format.ts";
import type { Host } from "./host.ts";
import { host } from "./host.ts";

const REDRAW_MS = 50;
/** A text host that can't redraw would get a line each time. */
const REDRAW_TEXT_MS = 2_000;

export type ProgressState = {
  readonly done: number;
  readonly total: number;
  readonly note?: string | undefined;
};

export type ProgressOptions = {
  readonly host?: Host;
  /** Milliseconds; a test brings its own. */
  readonly now?: () => number;
};

/**
 * A bar that is told how far the work is:
 *
 *     const bar = progress("embed", 1000);
 *     for (...) bar.set(i, "page 12");
 *     bar.end();
 */
export class ProgressBar {
  readonly #title: string;
  readonly #host: Host;
  readonly #now: () => number;
  readonly #id: string;
  readonly #start: number;
  #state: ProgressState;
  #last = -Infinity;
  #shown = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(title: string, total: number, options: ProgressOptions = {}) {
    this.#title = title;
    this.#host = options.host ?? host();
    this.#now = options.now ?? (() => performance.now());
    this.#id = `progress-${crypto.randomUUID()}`;
    this.#start = this.#now();
    this.#state = { done: 0, total };
  }

  set(done: number, note?: string, total = this.#state.total): void {
    this.#state = { done, total, note };
    const wait = this.#last + this.#every() - this.#now();
    if (wait <= 0) this.#draw();
    // What came too early is drawn later, so that the bar never stands on an old number.
    else this.#timer ??= setTimeout(() => this.#draw(), wait).unref();
  }

  /** Draws the last state for good. */
  end(note?: string): void {
    if (note !== undefined) this.#state = { ...this.#state, note };
    this.#draw();
  }

  #every(): number {
    return this.#host.name === "node" ? REDRAW_TEXT_MS : REDRAW_MS;
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = this.#now();
    const seconds = (this.#last - this.#start) / 1000;
    const text = progressText(this.#title, this.#state, seconds);
    const bundle = { "text/html": progressHtml(text, this.#state), "text/plain": text };
    void this.#host.show(bundle, { id: this.#id, update: this.#shown });
    this.#shown = true;
  }
}

/** A bar of `total` steps; also wraps an iterable: `for (const x of progress("pages", pages))`. */
export function progress(title: string, total: number, options?: ProgressOptions): ProgressBar;
export function progress<T>(
  title: string,
  items: readonly T[],
  options?: ProgressOptions,
): Iterable<T>;
export function progress<T>(
  title: string,
  over: number | readonly T[],
  options: ProgressOptions = {},
): ProgressBar | Iterable<T> {
  if (typeof over === "number") return new ProgressBar(title, over, options);
  return steps(over, new ProgressBar(title, over.length, options));
}

function* steps<T>(items: readonly T[], bar: ProgressBar): Generator<T> {
  try {
    for (const [i, item] of items.entries()) {
      bar.set(i);
      yield item;
      bar.set(i + 1);
    }
  } finally {
    bar.end();
  }
}

/** `embed: 120/1000 12 % (60/s, 15 s left) page 12` */
export function progressText(
  title: string,
  { done, total, note }: ProgressState,
  seconds: number,
): string {
  const rate = done / Math.max(seconds, 1e-3);
  const share = total > 0 ? ` ${Math.floor((100 * done) / total)} %` : "";
  const left = done > 0 && done < total ? `, ${duration((total - done) / rate)} left` : "";
  const took = total > 0 && done >= total ? ` in ${duration(seconds)}` : "";
  const speed = rate >= 10 ? rate.toFixed(0) : rate.toFixed(1);
  return `${title}: ${done}/${total}${share}${took} (${speed}/s${left})${note ? ` ${note}` : ""}`;
}

function progressHtml(text: string, { done, total }: ProgressState): string {
  return `<div style="font:13px ui-sans-serif,system-ui,sans-serif"><progress value="${done}" max="${Math.max(total, 1)}" style="width:16em;vertical-align:middle"></progress> ${escapeHtml(text)}</div>`;
}
