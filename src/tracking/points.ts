/** @file Metric points on their way into the file: series by key, clustered rows, a running summary. */
import type { Statement } from "better-sqlite3";
import { isSealed } from "./chunks/read.ts";
import type { Connection } from "./database.ts";
import type { RunKey } from "./reader.ts";
import { fromNumber } from "./rows.ts";
import type { NewPoint, Point } from "./types.ts";
import { checkKey, checkName, checkPoint } from "./validate.ts";

/** Points of one call that belong to one series, in three columns, and what they add to its summary. */
type Bunch = {
  readonly series: number;
  readonly steps: number[];
  readonly timestamps: number[];
  readonly values: number[];
};

type Row = readonly (number | "NaN")[];

const COLUMNS = 4;
/** Rows inserted by one statement: calls cost as much as the rows themselves. */
const ROWS_A_STATEMENT = 25;

/** Run, key, data set's name and digest, model; what is absent is empty. */
type SeriesKey = [number, string, string, string, string];

/** The part of the writer that has to be fast; call it inside a transaction. */
export class PointWriter {
  readonly #connection: Connection;
  readonly #insert: Statement<[Row]>;
  readonly #insertMany: Statement<[Row]>;
  readonly #border: Statement<[number], [number | null, number | null]>;
  readonly #summarise: Statement<[Summary]>;
  readonly #findSeries: Statement<SeriesKey, number>;
  readonly #makeSeries: Statement<SeriesKey>;
  /** run serial -> key -> series id, for points without a data set. Forgotten on a rollback. */
  readonly #known = new Map<number, Map<string, number>>();

  constructor(connection: Connection) {
    this.#connection = connection;
    const rows = (n: number): string =>
      `INSERT OR IGNORE INTO points VALUES ${Array(n).fill("(?, ?, ?, ?)").join(", ")}`;
    this.#insert = connection.prepare(rows(1));
    this.#insertMany = connection.prepare(rows(ROWS_A_STATEMENT));
    this.#border = connection
      .prepare<[number], [number | null, number | null]>(
        "SELECT sealed_step, sealed_time FROM series WHERE id = ?",
      )
      .raw();
    this.#summarise = connection.prepare<[Summary]>(SUMMARISE);
    this.#findSeries = connection
      .prepare<SeriesKey, number>(
        `SELECT id FROM series WHERE run = ? AND key = ? AND dataset_name = ?
           AND dataset_digest = ? AND model_id = ?`,
      )
      .pluck();
    this.#makeSeries = connection.prepare(
      "INSERT INTO series (run, key, dataset_name, dataset_digest, model_id) VALUES (?, ?, ?, ?, ?)",
    );
    connection.onRollback(() => this.#known.clear());
  }

  /** Points without a timestamp get `now`. */
  insert(run: RunKey, points: readonly NewPoint[], now: number): void {
    for (const bunch of this.#bunches(run.serial, points, now).values()) {
      const [sealedStep, sealedTime] = this.#border.get(bunch.series)!;
      let count = 0;
      let many: Row[number][] = [];
      for (let i = 0; i < bunch.steps.length; i++) {
        // Most points come after everything sealed; a late one may repeat a point of a chunk.
        if (sealedStep !== null && bunch.steps[i]! <= sealedStep) {
          const late = bunch.steps[i]! < sealedStep || bunch.timestamps[i]! <= sealedTime!;
          if (late && this.#isSealed(bunch, i)) continue;
        }
        many.push(
          bunch.series,
          bunch.steps[i]!,
          bunch.timestamps[i]!,
          fromNumber(bunch.values[i]!),
        );
        if (many.length === ROWS_A_STATEMENT * COLUMNS) {
          count += this.#insertMany.run(many).changes;
          many = [];
        }
      }
      for (let i = 0; i < many.length; i += COLUMNS) {
        count += this.#insert.run(many.slice(i, i + COLUMNS)).changes;
      }
      this.#summarise.run(summaryOf(bunch, count));
    }
  }

  #isSealed({ series, steps, timestamps, values }: Bunch, i: number): boolean {
    return isSealed(this.#connection, series, steps[i]!, timestamps[i]!, values[i]!);
  }

  /** Rows of one series lie together in the file, so they are inserted together. */
  #bunches(serial: number, points: readonly NewPoint[], now: number): Map<number, Bunch> {
    const bunches = new Map<number, Bunch>();
    for (const point of points) {
      checkPoint(point);
      const series = this.#seriesOf(serial, point);
      let bunch = bunches.get(series);
      if (bunch === undefined) {
        bunch = { series, steps: [], timestamps: [], values: [] };
        bunches.set(series, bunch);
      }
      bunch.steps.push(point.step ?? 0);
      bunch.timestamps.push(point.timestamp ?? now);
      bunch.values.push(point.value);
    }
    return bunches;
  }

  #seriesOf(serial: number, { key, dataset, modelId }: NewPoint): number {
    if (dataset || modelId !== undefined) {
      checkKey("metric", key);
      if (dataset) {
        checkName(`metric ${key}: data set name`, dataset.name);
        checkName(`metric ${key}: data set digest`, dataset.digest);
      }
      if (modelId !== undefined) checkName(`metric ${key}: model id`, modelId);
      const { name = "", digest = "" } = dataset ?? {};
      return this.#findOrMake([serial, key, name, digest, modelId ?? ""]);
    }
    let known = this.#known.get(serial);
    if (known === undefined) {
      known = new Map();
      this.#known.set(serial, known);
    }
    let series = known.get(key);
    if (series === undefined) {
      checkKey("metric", key);
      series = this.#findOrMake([serial, key, "", "", ""]);
      known.set(key, series);
    }
    return series;
  }

  #findOrMake(key: SeriesKey): number {
    return this.#findSeries.get(...key) ?? Number(this.#makeSeries.run(...key).lastInsertRowid);
  }
}

type Summary = {
  readonly series: number;
  readonly count: number;
  readonly step: number;
  readonly timestamp: number;
  readonly value: number | "NaN";
  readonly least: number | null;
  readonly greatest: number | null;
  readonly leastStep: number | null;
  readonly greatestStep: number | null;
};

/** min() and max() of SQL are NULL as soon as one argument is, so an absent side is filled first. */
const SUMMARISE = `
  UPDATE series SET
    count = count + @count,
    least = min(coalesce(least, @least), coalesce(@least, least)),
    greatest = max(coalesce(greatest, @greatest), coalesce(@greatest, greatest)),
    least_step = CASE WHEN least IS NULL OR @least < least THEN @leastStep ELSE least_step END,
    greatest_step =
      CASE WHEN greatest IS NULL OR @greatest > greatest THEN @greatestStep ELSE greatest_step END,
    (latest_step, latest_timestamp, latest_value) = (
      SELECT CASE WHEN later THEN @step ELSE latest_step END,
        CASE WHEN later THEN @timestamp ELSE latest_timestamp END,
        CASE WHEN later THEN @value ELSE latest_value END
      FROM (SELECT latest_step IS NULL
        OR (latest_step, latest_timestamp, latest_value) < (@step, @timestamp, @value) AS later))
  WHERE id = @series`;

function summaryOf({ series, steps, timestamps, values }: Bunch, count: number): Summary {
  let latest: Point = { step: steps[0]!, timestamp: timestamps[0]!, value: values[0]! };
  let least: number | null = null;
  let greatest: number | null = null;
  let leastStep: number | null = null;
  let greatestStep: number | null = null;
  for (const [i, value] of values.entries()) {
    const point = { step: steps[i]!, timestamp: timestamps[i]!, value };
    if (isLater(point, latest)) latest = point;
    if (Number.isNaN(value)) continue;
    if (least === null || value < least) [least, leastStep] = [value, steps[i]!];
    if (greatest === null || value > greatest) [greatest, greatestStep] = [value, steps[i]!];
  }
  const extremes = { least, greatest, leastStep, greatestStep };
  return { series, count, ...latest, value: fromNumber(latest.value), ...extremes };
}

/** By step, then timestamp, then value; NaN is above every number, as in the file. */
function isLater(a: Point, b: Point): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.timestamp !== b.timestamp) return a.timestamp > b.timestamp;
  return Number.isNaN(a.value) || a.value > b.value;
}
