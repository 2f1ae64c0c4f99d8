/** @file Every operation on several shapes: what the gradient and the executor tests go through. */
import type { Value } from "../../src/engine/index.ts";
import * as engine from "../../src/engine/index.ts";
import type { CheckedCase, CheckedInput } from "../support/gradcheck.ts";

const {
  abs,
  add,
  attention,
  clamp,
  concat,
  div,
  dropout,
  erf,
  exp,
  expand,
  gather,
  gelu,
  l2Normalize,
  layerNorm,
  adaptedLinear,
  linear,
  log,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  pad,
  patchEmbed,
  quickGelu,
  reciprocal,
  relu,
  reshape,
  rmsNorm,
  rotary,
  showShape,
  sigmoid,
  silu,
  slice,
  softmax,
  split,
  sqrt,
  square,
  squeeze,
  sub,
  sum,
  tanh,
  tensor,
  transpose,
  unsqueeze,
  where,
} = engine;

/** Away from zero, so that kinks and poles are not stepped over. */
const away = (shape: readonly number[]): CheckedInput => ({
  shape,
  at: (_, r) => (r.int(2) === 0 ? -1 : 1) * r.uniform(0.3, 2),
});
const positive = (shape: readonly number[]): CheckedInput => ({
  shape,
  at: (_, r) => r.uniform(0.3, 2),
});
const below = (limit: number, shape: readonly number[]): CheckedInput => ({
  shape,
  dtype: "int64",
  at: (_, r) => r.int(limit),
});
const bits = (shape: readonly number[]): CheckedInput => ({
  shape,
  dtype: "bool",
  at: (i) => (i % 3 === 0 ? 0 : 1),
});
/** A permutation of distinct values, so that a maximum is nowhere near a tie. */
const distinct = (shape: readonly number[]): CheckedInput => ({
  shape,
  at: (i) => ((i * 7) % 23) / 5,
});

const SHAPES = [[], [1], [3], [1, 1], [1, 4], [2, 3], [2, 1, 3]];
/** Pairs that broadcast in every way. */
const PAIRS = [
  [[], []],
  [[3], []],
  [[], [2, 3]],
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[1], [2, 3]],
  [
    [1, 3],
    [1, 3],
  ],
  [
    [2, 1, 3],
    [4, 1],
  ],
] as const;

type Unary = (x: Value) => Value;
const UNARY: Record<
  string,
  readonly [Unary, (shape: readonly number[]) => CheckedInput | readonly number[]]
> = {
  abs: [abs, away],
  clamp: [(x) => clamp(x, -1, 1.1), away],
  erf: [erf, (s) => s],
  exp: [exp, (s) => s],
  "gelu by erf": [(x) => gelu(x), (s) => s],
  "gelu by tanh": [(x) => gelu(x, { approximate: "tanh" }), (s) => s],
  log: [log, positive],
  neg: [neg, (s) => s],
  quickGelu: [quickGelu, (s) => s],
  reciprocal: [reciprocal, away],
  relu: [relu, away],
  sigmoid: [sigmoid, (s) => s],
  silu: [silu, (s) => s],
  sqrt: [sqrt, positive],
  square: [square, (s) => s],
  tanh: [tanh, (s) => s],
};

type Binary = (a: Value, b: Value) => Value;
const BINARY: Record<
  string,
  readonly [Binary, (shape: readonly number[]) => CheckedInput | readonly number[]]
> = {
  add: [add, (s) => s],
  sub: [sub, (s) => s],
  mul: [mul, (s) => s],
  div: [div, away],
  maximum: [(a, b) => maximum(a, add(b, 0.01)), distinct],
  minimum: [(a, b) => minimum(a, add(b, 0.01)), distinct],
};

function unaryCases(): CheckedCase[] {
  return Object.entries(UNARY).flatMap(([name, [f, input]]) =>
    SHAPES.map((shape) => ({
      name: `${name} ${showShape(shape)}`,
      f: ([x]: Value[]) => f(x!),
      inputs: [input(shape)],
    })),
  );
}

function binaryCases(): CheckedCase[] {
  return Object.entries(BINARY).flatMap(([name, [f, input]]) =>
    PAIRS.map(([a, b]) => ({
      name: `${name} ${showShape(a)} and ${showShape(b)}`,
      f: ([x, y]: Value[]) => f(x!, y!),
      inputs: [input(a), input(b)],
    })),
  );
}

/** Reductions, over all of a shape, some axes, and with the axes kept. */
function reduceCases(): CheckedCase[] {
  const cases: CheckedCase[] = [];
  for (const [name, f] of Object.entries({ sum, mean, max })) {
    const one = (title: string, shape: number[], options: engine.ReduceOptions): CheckedCase => {
      return { name: `${name} ${title}`, f: ([x]) => f(x!, options), inputs: [distinct(shape)] };
    };
    cases.push(
      one("of all", [2, 3], {}),
      one("of one number", [1], {}),
      one("over the last axis", [2, 3, 4], { axes: [-1] }),
      one("over the first", [2, 3], { axes: [0] }),
      one("over two, kept", [2, 3, 4], { axes: [0, 2], keepDims: true }),
      one("over an axis of 1", [1, 3], { axes: [0] }),
    );
  }
  for (const [name, f] of Object.entries({ softmax, logSoftmax, logSumExp })) {
    const one = (title: string, shape: number[], options: { axis?: number }): CheckedCase => {
      return { name: `${name} ${title}`, f: ([x]) => f(x!, options), inputs: [shape] };
    };
    cases.push(
      one("by default", [2, 3], {}),
      one("over the first axis", [3, 2, 2], { axis: 0 }),
      one("of one element", [2, 1], {}),
    );
  }
  cases.push({
    name: "logSumExp kept",
    f: ([x]) => logSumExp(x!, { axis: 1, keepDims: true }),
    inputs: [[2, 3]],
  });
  return cases;
}

function matmulCases(): CheckedCase[] {
  const cases: CheckedCase[] = [];
  const flags = [false, true];
  for (const transposeA of flags) {
    for (const transposeB of flags) {
      for (const [lead, other] of [
        [[], []],
        [[2], [2]],
        [[2, 3], [3]],
        [[1], [4]],
        [[], [2]],
        [[2], []],
      ] as const) {
        const a = [...lead, ...(transposeA ? [3, 2] : [2, 3])];
        const b = [...other, ...(transposeB ? [4, 3] : [3, 4])];
        const title = `matmul ${showShape(a)}${transposeA ? "^T" : ""} ${showShape(b)}${transposeB ? "^T" : ""}`;
        cases.push({
          name: title,
          f: ([x, y]) => matmul(x!, y!, { transposeA, transposeB }),
          inputs: [a, b],
        });
      }
    }
  }
  cases.push(
    {
      name: "matmul of single numbers",
      f: ([x, y]) => matmul(x!, y!),
      inputs: [
        [1, 1],
        [1, 1],
      ],
    },
    {
      name: "linear with low-rank factors",
      f: ([x, w, down, up, b]) => adaptedLinear(x!, w!, { down: down!, up: up!, scale: 2 }, b),
      inputs: [[5, 2, 3], [4, 3], [2, 3], [4, 2], [4]],
    },
    { name: "linear", f: ([x, w, b]) => linear(x!, w!, b), inputs: [[2, 3], [4, 3], [4]] },
    {
      name: "linear without bias, batched",
      f: ([x, w]) => linear(x!, w!),
      inputs: [
        [2, 1, 3],
        [4, 3],
      ],
    },
    {
      name: "linear of one vector",
      f: ([x, w, b]) => linear(x!, w!, b),
      inputs: [[3], [4, 3], [4]],
    },
  );
  return cases;
}

const SHAPE_CASES: CheckedCase[] = [
  { name: "reshape", f: ([x]) => mul(reshape(x!, [3, -1]), 2), inputs: [[2, 3]] },
  {
    name: "reshape there and back",
    f: ([x]) => mul(reshape(reshape(mul(x!, 2), [6]), [2, 3]), 3),
    inputs: [[2, 3]],
  },
  { name: "transpose", f: ([x]) => transpose(x!, [2, 0, 1]), inputs: [[2, 3, 4]] },
  {
    name: "slice in the middle",
    f: ([x]) => slice(x!, { axis: 1, start: 1, end: 3 }),
    inputs: [[2, 4]],
  },
  { name: "slice from the end", f: ([x]) => slice(x!, { axis: 0, start: -1 }), inputs: [[3, 2]] },
  {
    name: "split, one part unused",
    f: ([x]) => {
      const [a, , c] = split(x!, { axis: 1, sizes: [1, 2, 1] });
      return mul(a!, c!);
    },
    inputs: [[2, 4]],
  },
  {
    name: "concat",
    f: ([x, y]) => concat([x!, y!, x!], { axis: -1 }),
    inputs: [
      [2, 1],
      [2, 3],
    ],
  },
  {
    name: "pad",
    f: ([x]) => pad(x!, { axis: 0, before: 1, after: 2, value: 3 }),
    inputs: [[2, 2]],
  },
  { name: "expand", f: ([x]) => expand(x!, [4, 2, 3]), inputs: [[2, 1]] },
  {
    name: "expand times broadcast",
    f: ([x, y]) => mul(expand(x!, [2, 3]), y!),
    inputs: [
      [1, 3],
      [2, 1],
    ],
  },
  {
    name: "squeeze and unsqueeze",
    f: ([x]) => squeeze(unsqueeze(x!, [0, -1]), 0),
    inputs: [[2, 3]],
  },
  {
    name: "gather rows, repeated",
    f: ([x, i]) => gather(x!, i!),
    inputs: [[4, 3], below(4, [2, 5])],
  },
  {
    name: "gather one row by a scalar",
    f: ([x, i]) => gather(x!, i!),
    inputs: [[4, 3], below(4, [])],
  },
  {
    name: "gather along the last axis",
    f: ([x, i]) => gather(x!, i!, { axis: -1 }),
    inputs: [[2, 3, 4], below(4, [3])],
  },
  { name: "where", f: ([c, x, y]) => where(c!, x!, y!), inputs: [bits([2, 3]), [2, 3], [3]] },
  { name: "where with a number", f: ([c, x]) => where(c!, x!, 5), inputs: [bits([2, 3]), [2, 1]] },
];

const NORM_CASES: CheckedCase[] = [
  [2, 4],
  [1, 4],
  [2, 3, 4],
].flatMap((shape) => [
  {
    name: `layerNorm ${showShape(shape)}`,
    f: ([x, w, b]: Value[]) => layerNorm(x!, w!, b!),
    inputs: [shape, [4], [4]],
  },
  {
    name: `rmsNorm ${showShape(shape)}`,
    f: ([x, w]: Value[]) => rmsNorm(x!, w!),
    inputs: [shape, [4]],
  },
  {
    name: `l2Normalize ${showShape(shape)}`,
    f: ([x]: Value[]) => l2Normalize(x!),
    inputs: [shape],
  },
  {
    name: `l2Normalize ${showShape(shape)} over the first axis`,
    f: ([x]: Value[]) => l2Normalize(x!, { axis: 0 }),
    inputs: [shape],
  },
]);

const qkv = (b: number, h: number, k: number, t: number, d: number): number[][] => [
  [b, h, t, d],
  [b, k, t, d],
  [b, k, t, d],
];

const MODEL_CASES: CheckedCase[] = [
  {
    name: "attention",
    f: ([query, key, value]) => attention({ query: query!, key: key!, value: value! }),
    inputs: qkv(2, 2, 2, 3, 4),
  },
  {
    name: "attention, causal, grouped",
    f: ([query, key, value]) =>
      attention({ query: query!, key: key!, value: value!, causal: true }),
    inputs: qkv(1, 4, 2, 3, 2),
  },
  {
    name: "attention, masked",
    f: ([query, key, value, mask]) =>
      attention({ query: query!, key: key!, value: value!, mask: mask!, scale: 0.3 }),
    inputs: [...qkv(2, 2, 1, 3, 2), bits([2, 1, 1, 3])],
  },
  {
    name: "attention, additive mask, causal",
    f: ([query, key, value, mask]) =>
      attention({ query: query!, key: key!, value: value!, mask: mask!, causal: true }),
    inputs: [...qkv(1, 2, 2, 3, 2), [3, 3]],
  },
  {
    name: "attention of one token",
    f: ([query, key, value]) => attention({ query: query!, key: key!, value: value! }),
    inputs: qkv(1, 1, 1, 1, 1),
  },
  {
    name: "rotary",
    f: ([x, c, s]) => rotary(x!, c!, s!),
    inputs: [
      [2, 2, 3, 4],
      [3, 4],
      [3, 4],
    ],
  },
  {
    name: "rotary, tables by batch",
    f: ([x, c, s]) => rotary(x!, c!, s!),
    inputs: [
      [2, 2, 3, 4],
      [2, 1, 3, 4],
      [2, 1, 3, 4],
    ],
  },
  {
    name: "rotary, tables of half the width",
    f: ([x, c, s]) => rotary(x!, c!, s!),
    inputs: [
      [2, 2, 3, 4],
      [3, 2],
      [3, 2],
    ],
  },
  {
    name: "rotary, tables of half the width by batch",
    f: ([x, c, s]) => rotary(x!, c!, s!),
    inputs: [
      [2, 2, 3, 4],
      [2, 1, 3, 2],
      [2, 1, 3, 2],
    ],
  },
  {
    name: "rotary of a matrix",
    f: ([x, c, s]) => rotary(x!, c!, s!),
    inputs: [
      [3, 4],
      [3, 2],
      [1, 2],
    ],
  },
  {
    name: "rotary, constant tables with equal halves",
    f: ([x]) => {
      const table = x!.graph.constant(tensor([0.1, 0.2, 0.1, 0.2, 0.3, 0.4, 0.3, 0.4], [2, 4]));
      return rotary(x!, table, table);
    },
    inputs: [[1, 2, 2, 4]],
  },
  {
    name: "patchEmbed of pictures",
    f: ([x, w, b]) => patchEmbed(x!, w!, b),
    inputs: [[2, 2, 4, 2], [3, 2, 2, 2], [3]],
  },
  {
    name: "patchEmbed of videos",
    f: ([x, w]) => patchEmbed(x!, w!),
    inputs: [
      [1, 1, 2, 2, 2],
      [2, 1, 2, 1, 2],
    ],
  },
  {
    name: "patchEmbed of cut patches",
    f: ([x, w]) => patchEmbed(x!, w!),
    inputs: [
      [3, 4],
      [2, 1, 2, 2],
    ],
  },
  {
    name: "dropout",
    f: ([x, seed]) => dropout(x!, { rate: 0.4, seed: seed! }),
    inputs: [[3, 5], below(100, [])],
  },
];

/** Where ONNX Runtime is given a scaled Gemm for a Gemm and a Mul (src/engine/onnx/fold.ts). */
const FOLDED_CASES: CheckedCase[] = [
  {
    name: "a scaled activation between linear layers",
    f: ([x, w, b, v]) => linear(mul(silu(mul(linear(x!, w!, b), 1.702)), 1 / 1.702), v!),
    inputs: [[5, 3], [8, 3], [8], [2, 8]],
  },
  {
    name: "a scaled product, reshaped, scaled again",
    f: ([x, w, b]) => mul(reshape(mul(linear(x!, w!, b), 3), [2, 2, 4]), -0.5),
    inputs: [[4, 3], [4, 3], [4]],
  },
  {
    name: "a scaled product that others read unscaled",
    f: ([x, w]) => {
      const y = linear(x!, w!);
      return matmul(mul(y, 2), y, { transposeB: true });
    },
    inputs: [
      [4, 3],
      [4, 3],
    ],
  },
  {
    name: "a scaled value multiplied by itself",
    f: ([x]) => {
      const y = mul(tanh(x!), 3);
      return matmul(y, y, { transposeB: true });
    },
    inputs: [[4, 3]],
  },
  {
    // TensorFlow.js on wasm mixes the two shapes up.
    name: "products by one tensor in two shapes",
    f: ([x]) => matmul(matmul(tanh(x!), reshape(x!, [2, 1])), x!),
    inputs: [[1, 2]],
  },
];

/** All operations. */
export const OP_CASES: readonly CheckedCase[] = [
  ...unaryCases(),
  ...binaryCases(),
  ...reduceCases(),
  ...matmulCases(),
  ...SHAPE_CASES,
  ...NORM_CASES,
  ...MODEL_CASES,
  ...FOLDED_CASES,
];
