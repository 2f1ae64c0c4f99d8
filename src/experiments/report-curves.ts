/** @file Stored series of a grid -> learning curves, temperatures and the mask's quality. */
import type { CurveGroup, Report, Series } from "../plot/types.ts";
import type { RunReader } from "../tracking/index.ts";
import { estimateOf } from "./compare.ts";
import type { ScoreCube } from "./cube.ts";
import { recordedConfig } from "./record.ts";

/** Points of a curve; more only make the page larger. */
const CURVE_POINTS = 60;

/** One metric's curve of every run, cell by cell. */
export function curveGroups(store: RunReader, cube: ScoreCube, key: string): CurveGroup[] {
  return cube.cells.map((name) => ({
    name,
    members: cube.of(name).map(({ runId, replicate }) => series(store, runId, replicate, key)),
  }));
}

/** A metric's history as means of equal stretches of steps. */
function series(store: RunReader, runId: string, seed: number, key: string): Series {
  const points = store.history(runId, key);
  const size = Math.max(1, Math.ceil(points.length / CURVE_POINTS));
  const steps: number[] = [];
  const values: number[] = [];
  for (let start = 0; start < points.length; start += size) {
    const part = points.slice(start, start + size);
    steps.push(part.at(-1)!.step);
    values.push(part.reduce((sum, { value }) => sum + value, 0) / part.length);
  }
  return { seed, steps, values };
}

/** Learnt temperatures of a cell, group by group. */
export function tauChart(
  store: RunReader,
  cube: ScoreCube,
  cell: string,
): NonNullable<Report["taus"]>[number] {
  const { temperature } = recordedConfig(store, cube.of(cell)[0]!.runId).loss;
  const keys = store
    .series(cube.of(cell)[0]!.runId)
    .map(({ key }) => key)
    .filter((key) => key.startsWith("tau/"));
  return {
    configuration: cell,
    tasks: keys.map((key) => ({
      name: key.slice("tau/".length),
      members: cube.of(cell).map(({ runId, replicate }) => series(store, runId, replicate, key)),
    })),
    initial: temperature.init,
    clamp: [temperature.min, temperature.max],
  };
}

/** Mask quality of every cell that masks, averaged over steps where it is defined. */
export function maskPoints(store: RunReader, cube: ScoreCube): NonNullable<Report["mask"]> {
  return cube.cells
    .filter((cell) => cell.includes("+FN"))
    .flatMap((cell) => {
      const { delta } = recordedConfig(store, cube.of(cell)[0]!.runId).loss;
      if (delta === null) return [];
      const over = (key: string): number[] =>
        cube.of(cell).flatMap(({ runId }) => {
          const points = store.history(runId, key);
          return points.length === 0
            ? []
            : [points.reduce((sum, p) => sum + p.value, 0) / points.length];
        });
      const [precision, recall, rate] = ["maskPrecision", "maskRecall", "maskRate"].map(over);
      if (precision!.length === 0 || recall!.length === 0) return [];
      return [
        {
          configuration: cell,
          threshold: delta,
          precision: estimateOf(precision!),
          recall: estimateOf(recall!),
          rate: estimateOf(rate!),
          used: true,
        },
      ];
    });
}
