import { describe, expect, test } from "vitest";
import { preset } from "../../src/model/presets.ts";
import {
  anchorWeights,
  patchOrder,
  positionIds,
  RotaryTable,
  visionRotary,
} from "../../src/model/positions.ts";

const config = preset("tiny");
const IMAGE = config.tokens.imagePad;
const VIDEO = config.tokens.videoPad;

function rows(ids: number[], grids: [number, number, number][]): number[][] {
  return positionIds(ids, grids, config).map((axis) => [...axis]);
}

test("text counts on all axes alike", () => {
  expect(rows([9, 9, 9], [])).toEqual([
    [0, 1, 2],
    [0, 1, 2],
    [0, 1, 2],
  ]);
});

test("a picture spreads over height and width, text goes on after the larger", () => {
  const ids = [9, 9, ...Array<number>(6).fill(IMAGE), 9];
  expect(rows(ids, [[1, 4, 6]])).toEqual([
    [0, 1, 2, 2, 2, 2, 2, 2, 5],
    [0, 1, 2, 2, 2, 3, 3, 3, 5],
    [0, 1, 2, 3, 4, 2, 3, 4, 5],
  ]);
});

test("a clip longer than it is wide: text goes on after its last slice", () => {
  const ids = [...Array<number>(4).fill(VIDEO), 9];
  expect(rows(ids, [[4, 2, 2]])).toEqual([
    [0, 1, 2, 3, 4],
    [0, 0, 0, 0, 4],
    [0, 0, 0, 0, 4],
  ]);
});

describe("grids and pad tokens must agree", () => {
  test.each([
    [[9, IMAGE], [], `positionIds: pad token ${IMAGE} at 1 has no grid; 0 given`],
    [[IMAGE, 9], [[1, 2, 4]], `positionIds: grid [1,2,4] needs 2 tokens ${IMAGE} from 0, got 1`],
    [[9, 9], [[1, 2, 2]], "positionIds: 1 grids given, the ids hold 0"],
  ] as const)("%#", (ids, grids, message) => {
    expect(() => positionIds(ids, grids as never, config)).toThrow(message);
  });
});

test("each frequency turns with its own axis, both halves alike", () => {
  const { text } = config; // headDim 8, sections 2, 1, 1
  const positions = [[300], [7], [11]].map((axis) => Int32Array.from(axis));
  const [cos, sin] = [new Float32Array(8), new Float32Array(8)];
  new RotaryTable(text).fill(positions as never, cos, sin, 0);
  const angles = [300, 300, 7, 11].map((p, i) => p * text.ropeTheta ** ((-2 * i) / 8));
  expect(cos).toBeAllclose([...angles, ...angles].map(Math.cos), { atol: 1e-6 });
  expect(sin).toBeAllclose([...angles, ...angles].map(Math.sin), { atol: 1e-6 });
});

test("patches go by merge blocks, rows inside a block", () => {
  const { rows: y, columns: x } = patchOrder(4, 4, 2);
  expect([...y].join("")).toBe("0011001122332233");
  expect([...x].join("")).toBe("0101232301012323");
});

test("the vision tower turns by row in the first half of the angles, by column in the second", () => {
  const { cos, headDim } = visionRotary([1, 2, 2], config); // patches (0,0) (0,1) (1,0) (1,1)
  expect(headDim).toBe(8);
  const slow = 0.01; // 10000^(-1/2)
  const c = Math.cos;
  expect(cos.slice(8, 16)).toBeAllclose([1, 1, c(1), c(slow), 1, 1, c(1), c(slow)], { atol: 1e-6 });
  expect(cos.slice(16, 24)).toBeAllclose([c(1), c(slow), 1, 1, c(1), c(slow), 1, 1], {
    atol: 1e-6,
  });
});

test("places mix the anchors of a learnt table: ends on ends, the middle between", () => {
  expect([...anchorWeights([0, 1, 2, 3, 4], 5, 3)]).toEqual([
    1, 0, 0, 0.5, 0.5, 0, 0, 1, 0, 0, 0.5, 0.5, 0, 0, 1,
  ]);
  expect([...anchorWeights([0], 1, 3)]).toEqual([1, 0, 0]);
  expect([...anchorWeights([0, 1], 2, 1)]).toEqual([1, 1]);
});
