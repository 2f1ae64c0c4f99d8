import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Item, Pixels, Task } from "../../src/data/types.ts";
import { createExecutor } from "../../src/engine/index.ts";
import {
  chanceLevel,
  chanceOfQuery,
  fitRidge,
  gridOf,
  ItemFeatures,
  MatrixProducts,
  pixelFeatures,
  ridgeProblem,
  visualFeatures,
} from "../../src/eval/baselines/index.ts";
import { choleskyInPlace, inverseFactorTransposed } from "../../src/eval/baselines/cholesky.ts";
import { inverseFactor, inverseFactorHere } from "../../src/eval/baselines/inversefactor.ts";
import { spellingFeatures } from "../../src/eval/baselines/spelling.ts";
import { symmetricEigen, timesSquare, whitening } from "../../src/eval/baselines/whiten.ts";
import type { Matrix } from "../../src/eval/index.ts";
import { metricsOf, scoreTask, toMatrix } from "../../src/eval/index.ts";
import { makeTask, randomMatrix, testRandom } from "./support.ts";

describe("chance", () => {
  test("equals the average over every order of a small pool", () => {
    for (const grades of [[1], [2, 1], [3, 1, 1]]) {
      const pool = 6;
      const expected = chanceOfQuery(pool, grades);
      const orders = permutations(pool);
      const all = orders.map((order) =>
        metricsOf(grades.map((grade, i) => ({ grade, rank: order.indexOf(i) + 1 }))),
      );
      for (const [name, value] of Object.entries(expected) as [keyof typeof expected, number][]) {
        const mean = all.reduce((sum, m) => sum + m[name], 0) / orders.length;
        expect(value, `${name} of ${grades.join()}`).toBeCloseTo(mean, 10);
      }
    }
  });

  test("of a task: each query's own pool, local or global, several positives", () => {
    const global = makeTask(
      ["a", "b", "c", "d"],
      [{ positives: { a: 1 } }, { positives: { a: 1, b: 1 } }],
    );
    expect(chanceLevel(global)["hit@1"]).toBeCloseTo((1 / 4 + 2 / 4) / 2, 12);
    expect(chanceLevel(global).score).toBe(chanceLevel(global)["hit@1"]);
    const local = makeTask(
      ["a", "b", "c", "d"],
      [
        { positives: { a: 1 }, candidates: ["a", "b"] },
        { positives: { c: 1 }, candidates: ["a", "b", "c"] },
      ],
      { metric: "ndcg_linear@5" },
    );
    const level = chanceLevel(local);
    expect(level["hit@1"]).toBeCloseTo((1 / 2 + 1 / 3) / 2, 12);
    expect(level["hit@5"]).toBe(1);
    expect(level.score).toBe(level["ndcg_linear@5"]);
  });

  test("a random encoder scores it, within noise", async () => {
    const ids = Array.from({ length: 12 }, (_, i) => `c${i}`);
    const task = makeTask(
      ids,
      Array.from({ length: 1500 }, (_, i) => ({
        positives: { [ids[i % 12]!]: 2, [ids[(i * 7 + 1) % 12]!]: 1 },
      })),
      { metric: "ndcg_linear@5" },
    );
    const score = await scoreTask({
      task,
      queryEmbeddings: randomMatrix(1500, 16, 1),
      candidateEmbeddings: randomMatrix(12, 16, 2),
    });
    expect(Math.abs(score.score - chanceLevel(task).score)).toBeLessThan(0.02);
  });

  test("refuses more positives than candidates", () => {
    expect(() => chanceOfQuery(2, [1, 1, 1])).toThrow("chance: 3 positives in a pool of 2");
    expect(() => chanceOfQuery(2, [])).toThrow("chance: 0 positives in a pool of 2");
  });
});

function permutations(n: number): number[][] {
  if (n === 1) return [[0]];
  return permutations(n - 1).flatMap((order) =>
    Array.from({ length: n }, (_, at) => [...order.slice(0, at), n - 1, ...order.slice(at)]),
  );
}

/** A picture from a function of place, in [0, 255]. */
function picture(
  width: number,
  height: number,
  at: (x: number, y: number, frame: number) => readonly [number, number, number],
  frames = 1,
): Pixels {
  const data = new Uint8Array(frames * width * height * 3);
  for (let f = 0; f < frames; f++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) data.set(at(x, y, f), ((f * height + y) * width + x) * 3);
    }
  }
  return { width, height, frames, data };
}

describe("pixel features", () => {
  const grid = { columns: 2, rows: 2 };

  test("are each cell's mean colour and, for a flat picture, no direction", () => {
    const flat = picture(8, 8, (x) => (x < 4 ? [255, 0, 0] : [0, 51, 255]));
    const features = [...pixelFeatures(flat, grid)];
    expect(features.slice(0, 12)).toBeAllclose([1, 0, 0, 0, 0.2, 1, 1, 0, 0, 0, 0.2, 1], {
      atol: 1e-6,
    });
    const uniform = pixelFeatures(
      picture(5, 9, () => [9, 9, 9]),
      grid,
    );
    expect(uniform.slice(12).every((x) => x === 0)).toBe(true);
  });

  test("tell the direction of an edge, and its sense", () => {
    const one = { columns: 1, rows: 1 };
    const direction = (at: (x: number, y: number) => number): number => {
      const pixels = picture(8, 8, (x, y) => [at(x, y), at(x, y), at(x, y)]);
      const bins = Array.from(pixelFeatures(pixels, one).slice(3));
      return bins.indexOf(Math.max(...bins));
    };
    expect(direction((x) => 20 * x)).toBe(0); // brighter to the right
    expect(direction((_, y) => 20 * y)).toBe(2); // brighter downwards
    expect(direction((x) => 200 - 20 * x)).toBe(4);
    expect(direction((_, y) => 200 - 20 * y)).toBe(6);
    expect(direction((x, y) => 10 * (x + y))).toBe(1);
  });

  test("average the same for a picture drawn twice as large", () => {
    const small = picture(24, 24, (x, y) => [(x * 9) % 256, (y * 7) % 256, 80]);
    const large = picture(48, 48, (x, y) => [((x >> 1) * 9) % 256, ((y >> 1) * 7) % 256, 80]);
    const colours = (p: Pixels): number[] =>
      Array.from(pixelFeatures(p, { columns: 6, rows: 6 }).slice(0, 108));
    expect(colours(large)).toBeAllclose(colours(small), { atol: 1e-5 });
  });

  test("of a clip are four frames in order, first and last among them", () => {
    const clip = picture(12, 12, (_, __, f) => [f * 30, 0, 0], 8);
    const features = visualFeatures(clip, "video");
    expect(features).toHaveLength(4 * 12 * 12 * 11);
    const firsts = [0, 1, 2, 3].map((f) => features[f * 12 * 12 * 11]! * 255);
    expect(firsts).toBeAllclose([0, 60, 150, 210], { atol: 1e-3 });
  });

  test("take pages on a taller grid and single lines on a wide one", () => {
    expect(
      gridOf(
        "document",
        picture(96, 144, () => [0, 0, 0]),
      ),
    ).toEqual({ columns: 24, rows: 36 });
    expect(
      gridOf(
        "document",
        picture(96, 16, () => [0, 0, 0]),
      ),
    ).toEqual({ columns: 48, rows: 8 });
    expect(
      gridOf(
        "image",
        picture(96, 16, () => [0, 0, 0]),
      ),
    ).toEqual({ columns: 12, rows: 12 });
  });
});

const asMatrix = (rows: number, dim: number, seed: number): Matrix =>
  toMatrix(randomMatrix(rows, dim, seed), "m");

describe("spelling features", () => {
  const cosine = (a: string, b: string): number => {
    const [x, y] = [spellingFeatures(a), spellingFeatures(b)];
    return x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  };

  test("are of unit length and closer for words that share letters", () => {
    expect(cosine("1:05", "1:05")).toBeCloseTo(1, 5);
    expect(cosine("1:05", "11:05")).toBeGreaterThan(cosine("1:05", "7:30"));
    expect(cosine("Clown face", "clown FACE")).toBeCloseTo(1, 5);
    expect(spellingFeatures("").every((x) => x === 0)).toBe(true);
  });
});

describe("linear algebra", () => {
  test("Cholesky factors multiply back, and the inverse factor inverts", () => {
    const size = 13;
    const half = asMatrix(20, size, 3);
    const a = new Float64Array(size * size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        for (let r = 0; r < 20; r++)
          a[i * size + j]! += half.data[r * size + i]! * half.data[r * size + j]!;
      }
    }
    const l = Float64Array.from(a);
    choleskyInPlace({ size, data: l });
    const inverse = inverseFactorTransposed({ size, data: l });
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let back = 0;
        for (let k = 0; k <= Math.min(i, j); k++) back += l[i * size + k]! * l[j * size + k]!;
        expect(back).toBeCloseTo(a[i * size + j]!, 10);
        let one = 0; // (L^-1 L)[i, j]; row k of `inverse` is column k of L^-1
        for (let k = j; k <= i; k++) one += inverse[k * size + i]! * l[k * size + j]!;
        expect(one).toBeCloseTo(i === j ? 1 : 0, 10);
      }
    }
    expect(() => choleskyInPlace({ size: 2, data: Float64Array.from([1, 2, 2, 1]) })).toThrow(
      "cholesky: pivot 1 of 2 is -3, not positive definite",
    );
  });

  test("is the same from a thread, which names a bad pivot too", async () => {
    const size = 300; // large enough for a thread
    const next = testRandom(5);
    const rows = Float64Array.from({ length: size * size }, () => next() - 0.5);
    const system = new Float64Array(size * size); // rows rows^T + size I
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let sum = i === j ? size : 0;
        for (let k = 0; k < size; k++) sum += rows[i * size + k]! * rows[j * size + k]!;
        system[i * size + j] = sum;
      }
    }
    const here = inverseFactorHere({ size, data: system.slice() });
    expect(await inverseFactor({ size, data: system.slice() })).toEqual(here);
    system[7 * size + 7] = -1;
    await expect(inverseFactor({ size, data: system })).rejects.toThrow("cholesky: pivot 7 of 300");
  });

  test("eigenvectors are orthonormal and diagonalise", () => {
    const size = 6;
    const next = testRandom(5);
    const a = new Float64Array(size * size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j <= i; j++) a[i * size + j] = a[j * size + i] = next() - 0.5;
    const { values, vectors } = symmetricEigen(a, size);
    for (let p = 0; p < size; p++) {
      for (let i = 0; i < size; i++) {
        let left = 0;
        for (let j = 0; j < size; j++) left += a[i * size + j]! * vectors[j * size + p]!;
        expect(left).toBeCloseTo(values[p]! * vectors[i * size + p]!, 9);
      }
    }
  });

  test("whitening gives every direction the same spread, power 0 changes nothing", () => {
    const rows = asMatrix(200, 4, 8);
    const stretched = { ...rows, data: rows.data.map((x, i) => x * [1, 5, 0.2, 3][i % 4]!) };
    const flat = timesSquare(stretched, whitening(stretched, 1));
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        let sum = 0;
        for (let r = 0; r < 200; r++) sum += flat.data[r * 4 + i]! * flat.data[r * 4 + j]!;
        expect(sum / 200).toBeCloseTo(i === j ? 1 : 0, 4);
      }
    }
    expect(timesSquare(stretched, whitening(stretched, 0)).data).toBeAllclose(stretched.data, {
      atol: 1e-5,
    });
  });
});

describe("ridge", () => {
  let products: MatrixProducts;
  beforeAll(async () => {
    products = await MatrixProducts.create(createExecutor("onnxruntime", { threads: 1 }));
  });
  afterAll(() => products.close());

  test.each([
    ["more pairs than inputs", 40, 7],
    ["more inputs than pairs", 12, 30],
  ])("zeroes the gradient of its objective: %s", async (_, pairs, inputs) => {
    const [x, y] = [asMatrix(pairs, inputs, 1), asMatrix(pairs, 3, 2)];
    const problem = await ridgeProblem(x, y, products);
    const ratio = 0.1;
    const w = await problem.solve(ratio);
    expect([w.rows, w.dim]).toEqual([3, inputs]);
    for (let o = 0; o < 3; o++) {
      for (let i = 0; i < inputs; i++) {
        let gradient = ratio * problem.scale * w.data[o * inputs + i]!;
        for (let r = 0; r < pairs; r++) {
          let residual = -y.data[r * 3 + o]!;
          for (let k = 0; k < inputs; k++)
            residual += x.data[r * inputs + k]! * w.data[o * inputs + k]!;
          gradient += residual * x.data[r * inputs + i]!;
        }
        expect(Math.abs(gradient), `output ${o}, input ${i}`).toBeLessThan(1e-4);
      }
    }
  });

  test("refusals", async () => {
    await expect(ridgeProblem(asMatrix(3, 2, 1), asMatrix(4, 2, 1), products)).rejects.toThrow(
      "ridge: needs as many inputs as outputs, got 3 and 4 rows",
    );
    const problem = await ridgeProblem(asMatrix(3, 2, 1), asMatrix(3, 2, 1), products);
    await expect(problem.solve(0)).rejects.toThrow(
      "the penalty ratio must be > 0 and finite, got 0",
    );
  });
});

describe("the pixel ridge baseline", () => {
  const executor = createExecutor("onnxruntime", { threads: 1 });
  const colours = ["red", "green", "blue", "black", "white", "pink", "gold", "teal"];
  const rgb: Record<string, readonly [number, number, number]> = {
    red: [220, 20, 20],
    green: [20, 200, 30],
    blue: [20, 30, 220],
    black: [5, 5, 5],
    white: [250, 250, 250],
    pink: [250, 150, 190],
    gold: [230, 190, 40],
    teal: [10, 140, 140],
  };
  /** Word vectors that agree with how the colours look, plus what says nothing. */
  const text = (label: string): Float32Array => {
    const [r, g, b] = rgb[label]!;
    return Float32Array.from([r / 255, g / 255, b / 255, (r + g + b) / 765, label.length / 50]);
  };
  /** "image:red:7": a patch of a colour with noise that depends on the number. */
  const pixels = (item: Item): Pixels => {
    const [, colour, seed] = (item.image ?? item.document)!.split(":");
    const next = testRandom(Number(seed) + 1);
    return picture(16, 16, () => {
      const noise = 40 * (next() - 0.5);
      const [r, g, b] = rgb[colour!]!;
      const clip = (x: number): number => Math.max(0, Math.min(255, Math.round(x + noise)));
      return [clip(r), clip(g), clip(b)];
    });
  };
  const features = { pixels, text };
  const items = new ItemFeatures(features);
  let products: MatrixProducts;
  beforeAll(async () => {
    products = await MatrixProducts.create(executor);
  });
  afterAll(() => products.close());

  function task(
    split: Task["split"],
    labels: readonly string[],
    copies: number,
    toText: boolean,
  ): Task {
    const texts = new Map<string, Item>(labels.map((label) => [label, { text: label }]));
    const images = labels.flatMap((label) =>
      Array.from({ length: copies }, (_, i): [string, Item] => {
        const id = `image:${label}:${i + (split === "test" ? 500 : 0)}`;
        return [id, { image: id }];
      }),
    );
    const label = (id: string): string => id.split(":")[1]!;
    const queries = toText
      ? images.map(([id, item]) => ({ id, item, positives: new Map([[label(id), 1]]) }))
      : labels.map((name) => ({
          id: name,
          item: { text: name },
          positives: new Map(images.filter(([id]) => label(id) === name).map(([id]) => [id, 1])),
        }));
    return {
      ...makeTask(["x"], [{ positives: { x: 1 } }], { name: "colours", split, scope: "global" }),
      queries,
      corpus: toText ? texts : new Map(images),
    };
  }

  test.each([
    ["pictures to words", true, "query"],
    ["words to pictures", false, "target"],
  ] as const)(
    "maps %s, from the visual side, and finds unseen words",
    async (_, toText, mapped) => {
      const [train, test_] = [
        task("train", colours.slice(0, 6), 12, toText),
        task("test", colours, 4, toText),
      ];
      const dev = task("dev", colours.slice(0, 6), 3, toText);
      const result = await fitRidge({ train, dev, items, products });
      expect(result.mapped).toBe(mapped);
      expect(result.selection).toHaveLength(4);
      const embeddings = await result.embed(test_);
      const score = await scoreTask({ task: test_, ...embeddings, onError: "report" });
      expect(score.score).toBeGreaterThan(0.8);
      expect(score.score).toBeGreaterThan(chanceLevel(test_).score * 3);
    },
  );

  test("reads a picture once, and again when it was not kept", async () => {
    const read: string[] = [];
    const counted = new ItemFeatures({
      ...features,
      pixels: (item) => {
        read.push(item.image!);
        return pixels(item);
      },
    });
    const [red, blue] = [{ image: "image:red:1" }, { image: "image:blue:1" }];
    const first = await counted.visual(red);
    await counted.visual(blue);
    expect(await counted.visual(red)).toBe(first);
    counted.keep([red, { text: "red" }]);
    expect(await counted.visual(red)).toBe(first);
    await counted.visual(blue);
    expect(read).toEqual(["image:red:1", "image:blue:1", "image:blue:1"]);
  });

  test("reads spelling where the vectors say nothing", async () => {
    const [train, test_] = [task("train", colours, 10, true), task("test", colours, 3, true)];
    const bare = new ItemFeatures({ ...features, text: () => new Float32Array(3) });
    const { embed } = await fitRidge({ train, dev: train, items: bare, products });
    const score = await scoreTask({ task: test_, ...(await embed(test_)), onError: "report" });
    expect(score.score).toBeGreaterThan(0.8);
  });

  test("without dev it holds training pairs out, and still fits on all of them", async () => {
    const train = task("train", colours, 10, true);
    const result = await fitRidge({ train, items, products });
    expect(result.pairs).toBe(80);
    expect(result.selection.every(({ mrr }) => mrr > 0 && mrr <= 1)).toBe(true);
    expect(result.trainTask).toBe("colours");
  });

  test("thins pairs evenly, without randomness", async () => {
    const train = task("train", colours, 10, true);
    const options = { train, dev: train, items, products, maxSystem: 24 };
    const [a, b] = [await fitRidge(options), await fitRidge(options)];
    expect(a.pairs).toBe(24);
    expect((await a.embed(train)).queryEmbeddings).toEqual((await b.embed(train)).queryEmbeddings);
  });

  test("between pictures it starts from the raw comparison", async () => {
    const images = (split: Task["split"], from: number): Task => {
      const ids = colours.flatMap((c) => [0, 1].map((i) => `image:${c}:${from + i}`));
      const pairs = ids.map((id) => ({ positives: { [id]: 1 } }));
      const base = makeTask(ids, pairs, { name: "same colour", split, scope: "global" });
      return {
        ...base,
        queries: base.queries.map((q, i) => ({
          ...q,
          item: { image: `image:${ids[i]!.split(":")[1]}:${from + 90 + i}` },
        })),
        corpus: new Map(ids.map((id): [string, Item] => [id, { image: id }])),
      };
    };
    const test_ = images("test", 300);
    const options = {
      train: images("train", 0),
      dev: images("dev", 100),
      items,
      products,
    };
    const strict = await fitRidge({ ...options, ratios: [1e6] });
    const score = await scoreTask({
      task: test_,
      ...(await strict.embed(test_)),
      onError: "report",
    });
    expect(score.metrics["hit@5"]).toBeGreaterThan(0.9); // two pictures share each colour
  });

  test("names what it can't work with", async () => {
    const one = makeTask(["a"], [{ positives: { a: 1 } }], { name: "tiny" });
    await expect(fitRidge({ train: one, items, products })).rejects.toThrow(
      "tiny: 1 pairs to fit a map on",
    );
    const lost = makeTask(["a"], [{ positives: { z: 1 } }, { positives: { a: 1 } }], {
      name: "lost",
    });
    await expect(fitRidge({ train: lost, items, products })).rejects.toThrow(
      "lost, query q0: z is not in the corpus",
    );
    const bare = makeTask(["a", "b"], [{ positives: { a: 1 } }, { positives: { b: 1 } }], {
      name: "bare",
    });
    const empty = { ...bare, queries: bare.queries.map((q) => ({ ...q, item: {} })) };
    await expect(fitRidge({ train: empty, dev: empty, items, products })).rejects.toThrow(
      "bare: queries: no training item has a picture or text",
    );
    const uneven = new ItemFeatures({
      ...features,
      text: (label) => new Float32Array(label.length),
    });
    const train = task("train", colours, 2, true);
    await expect(fitRidge({ train, dev: train, items: uneven, products })).rejects.toThrow(
      "colours: targets: features of 5 numbers beside ones of 3",
    );
  });
});
