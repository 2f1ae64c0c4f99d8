/** @file What commands print: results on stdout, progress on stderr. */
import type { Progress } from "../experiments/index.ts";

const REDRAW_MS = 100;
const LINE_EVERY_MS = 5_000;

/** Prints `value` as JSON, or `text` for people. */
export function printResult(json: boolean | undefined, value: unknown, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`);
}

/** Columns padded to their widest cell, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Whole seconds as `1 h 02 min`, `3 min 05 s` or `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (h > 0) return `${h} h ${String(min).padStart(2, "0")} min`;
  return min > 0 ? `${min} min ${String(s).padStart(2, "0")} s` : `${s} s`;
}

/**
 * A progress callback with rate and time left: one redrawn line on a terminal, a line per stage and
 * every five seconds elsewhere.
 */
export function progressPrinter(
  stream: NodeJS.WriteStream = process.stderr,
  now: () => number = () => performance.now(),
): (progress: Progress) => void {
  let stage = "";
  let stageStart = 0;
  let last = -Infinity;
  return (progress) => {
    const time = now();
    const fresh = progress.stage !== stage;
    if (fresh) {
      if (stage !== "" && stream.isTTY) stream.write("\n");
      stage = progress.stage;
      stageStart = time;
      last = -Infinity;
    }
    const finished = progress.done >= progress.total;
    if (!finished && time - last < (stream.isTTY ? REDRAW_MS : LINE_EVERY_MS)) return;
    last = time;
    const line = progressLine(progress, (time - stageStart) / 1000);
    stream.write(stream.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
    if (finished) {
      if (stream.isTTY) stream.write("\n");
      stage = "";
    }
  };
}

function progressLine({ stage, done, total, note }: Progress, seconds: number): string {
  const rate = done / Math.max(seconds, 1e-3);
  const share = total > 0 ? `${Math.floor((100 * done) / total)} %` : "";
  const left = done > 0 && done < total ? `, ${duration((total - done) / rate)} left` : "";
  const speed = rate >= 10 ? rate.toFixed(0) : rate.toFixed(1);
  return `${stage}: ${done}/${total} ${share} (${speed}/s${left})${note ? ` ${note}` : ""}`;
}
