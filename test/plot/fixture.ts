/** @file A made-up report of realistic size: eight configurations, five seeds, sixteen tasks, every section. */
import type {
  AblationRow,
  AblationTable,
  ByLevel,
  CurveGroup,
  DatasetInfo,
  Delta,
  Estimate,
  GalleryItem,
  Media,
  Report,
} from "../../src/plot/index.ts";

/** Mulberry32, so that the fixture is the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomOf(7);
const noise = (size: number): number => (random() + random() + random() - 1.5) * size;

const TASKS: readonly (readonly [
  string,
  string,
  string,
  DatasetInfo["kind"],
  DatasetInfo["domain"],
])[] = [
  ["emoji-classify", "image", "I-CLS", "real", "IND"],
  ["emoji-classify-openmoji", "image", "I-CLS", "real", "OOD"],
  ["flag-country", "image", "I-QA", "real", "IND"],
  ["map-question", "image", "I-QA", "composed", "OOD"],
  ["keyword-to-emoji", "image", "I-RET", "real", "IND"],
  ["style-match", "image", "I-RET", "real", "OOD"],
  ["scene-grounding", "image", "I-VG", "composed", "IND"],
  ["stroke-character", "video", "V-CLS", "real", "IND"],
  ["motion-question", "video", "V-QA", "synthetic", "IND"],
  ["stroke-retrieval", "video", "V-RET", "real", "OOD"],
  ["moment-in-clip", "video", "V-MRET", "composed", "IND"],
  ["country-sheet", "visdoc", "VDRv1", "composed", "IND"],
  ["chart-page", "visdoc", "VDRv2", "composed", "OOD"],
  ["readme-page", "visdoc", "VR", "real", "OOD"],
  ["definition-retrieval", "text", "T-RET", "real", "IND"],
  ["synonym-classify", "text", "T-CLS", "real", "OOD"],
];

const DATASETS: DatasetInfo[] = TASKS.map(([name, modality, metaTask, kind, domain], i) => ({
  name,
  modality,
  metaTask,
  kind,
  domain,
  metric: modality === "visdoc" ? "ndcg_linear@5" : "hit@1",
  queries: 120 + 10 * i,
  candidates: 40 + 12 * i,
  chance: 1 / (40 + 12 * i),
}));

const MODALITIES = [
  { id: "image", label: "Image", inOverall: true },
  { id: "video", label: "Video", inOverall: true },
  { id: "visdoc", label: "Documents", inOverall: true },
  { id: "text", label: "Text", inOverall: false },
];

function around(mean: number, half: number, n = 5): Estimate {
  const shift = noise(half / 4);
  return { mean, low: mean - half + shift, high: mean + half + shift, n };
}

function difference(mean: number, half: number, pHolm: number | null = null): Delta {
  const shift = noise(half / 5);
  const z = Math.abs(mean) / (half / 1.96);
  const p = Math.min(1, 2 * Math.exp(-0.717 * z - 0.416 * z * z));
  return { mean, low: mean - half + shift, high: mean + half + shift, n: 70, p, pHolm };
}

/** Base scores by task, and what an ingredient adds to each modality. */
const BASE = TASKS.map((_, i) => 0.34 + 0.05 * ((i * 7) % 9) + noise(0.03));
const ADDS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "+HW": { image: -0.009, video: 0.006, visdoc: 0.001, text: -0.001 },
  "+FN": { image: 0.022, video: 0.012, visdoc: 0.009, text: 0.004 },
  "+HW+FN": { image: 0.026, video: 0.019, visdoc: 0.012, text: 0.006 },
  "tau learned": { image: 0.004, video: 0.002, visdoc: -0.003, text: 0.001 },
  "+HW, tau learned": { image: -0.026, video: -0.011, visdoc: -0.017, text: -0.008 },
  "+FN, tau learned": { image: 0.019, video: 0.016, visdoc: 0.006, text: 0.004 },
  "+HW+FN, tau learned": { image: 0.031, video: 0.022, visdoc: 0.014, text: 0.009 },
};

function levels<T>(of: (tasks: readonly number[], spread: number) => T): ByLevel<T> {
  const all = TASKS.map((_, i) => i);
  const by = (column: number) =>
    Object.fromEntries(
      [...new Set(TASKS.map((task) => task[column] as string))].map((name) => [
        name,
        of(
          all.filter((i) => TASKS[i]![column] === name),
          1.5,
        ),
      ]),
    );
  return {
    overall: of(
      all.filter((i) => TASKS[i]![1] !== "text"),
      1,
    ),
    modalities: by(1),
    metaTasks: by(2),
    datasets: Object.fromEntries(all.map((i) => [TASKS[i]![0], of([i], 2.6)])),
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function row(name: string, changes: string): AblationRow {
  const add = (i: number): number => (ADDS[name]?.[TASKS[i]![1]] ?? 0) + noise(0.012);
  const adds = TASKS.map((_, i) => (name === "baseline" ? 0 : add(i)));
  const score = levels((tasks, spread) =>
    around(mean(tasks.map((i) => BASE[i]! + adds[i]!)), 0.009 * spread),
  );
  if (name === "baseline") return { name, changes, members: 5, ...score, deltas: null };
  const deltas = levels((tasks, spread) =>
    difference(mean(tasks.map((i) => adds[i]!)), 0.0075 * spread),
  );
  return {
    name,
    changes,
    members: name === "+HW, tau learned" ? 4 : 5,
    ...(name === "+HW, tau learned" ? { missing: 1 } : {}),
    ...score,
    deltas: { ...deltas, overall: { ...deltas.overall, pHolm: Math.min(1, deltas.overall.p * 5) } },
  };
}

const GRID: AblationTable = {
  title: "Hardness weighting, false-negative mask and temperature (head on cached features)",
  baseline: "baseline",
  rows: [
    row("baseline", "plain InfoNCE"),
    row("+HW", "+ hardness weighting"),
    row("+FN", "+ false-negative mask"),
    row("+HW+FN", "+ weighting and mask"),
    row("tau learned", "+ learned temperature"),
    row("+HW, tau learned", "+ hardness weighting, learned temperature"),
    row("+FN, tau learned", "+ false-negative mask, learned temperature"),
    row("+HW+FN, tau learned", "+ weighting and mask, learned temperature"),
  ],
  alpha: 0.05,
  family: "7 comparisons of the overall score",
  statistics:
    "Deltas are paired by data set and seed; intervals by a bootstrap over both (10,000 resamples), p-values by a permutation of signs.",
};

function curve(
  names: readonly string[],
  at: (name: number, x: number) => number,
  size: number,
): CurveGroup[] {
  const steps = Array.from({ length: 120 }, (_, i) => 1 + i * 5);
  return names.map((name, index) => ({
    name,
    members: [0, 1, 2, 3, 4].map((seed) => {
      const offset = noise(size);
      return {
        seed,
        steps,
        values: steps.map((step) => at(index, step / 600) + offset + noise(size)),
      };
    }),
  }));
}

const NAMES = GRID.rows.map(({ name }) => name);
const byModality = (image: number, video: number, visdoc: number, text: number, half = 0.012) => ({
  image: around(image, half),
  video: around(video, half),
  visdoc: around(visdoc, half),
  text: around(text, half),
});
const deltas = (overall: number, image: number, video: number, visdoc: number, text: number) => ({
  overall: difference(overall, 0.01),
  modalities: {
    image: difference(image, 0.014),
    video: difference(video, 0.014),
    visdoc: difference(visdoc, 0.014),
    text: difference(text, 0.014),
  },
});

/** A picture drawn from a few numbers; SVG inside a data URI. */
function drawing(hue: number, shape: number, width = 96, height = 96): string {
  const fill = `hsl(${hue} 62% 52%)`;
  const shapes = [
    `<circle cx="48" cy="48" r="30" fill="${fill}"/><circle cx="38" cy="42" r="4"/><circle cx="58" cy="42" r="4"/><path d="M34 58q14 14 28 0" stroke="#000" stroke-width="3" fill="none"/>`,
    `<rect x="18" y="26" width="60" height="44" fill="${fill}"/><rect x="18" y="40" width="60" height="15" fill="#fff"/>`,
    `<path d="M48 14 80 76H16Z" fill="${fill}"/><circle cx="48" cy="56" r="8" fill="#fff"/>`,
    `<path d="M20 66c0-30 56-30 56 0Z" fill="${fill}"/><rect x="44" y="62" width="8" height="22" fill="#765"/>`,
  ];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 96 96"><rect width="96" height="96" fill="#fff"/>${shapes[shape % shapes.length]}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

function page(hue: number): string {
  const lines = Array.from(
    { length: 9 },
    (_, i) =>
      `<rect x="10" y="${34 + i * 9}" width="${52 + ((i * hue) % 24)}" height="3" fill="#9aa"/>`,
  ).join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="160" height="216" viewBox="0 0 96 130"><rect width="96" height="130" fill="#fff"/><rect x="10" y="10" width="50" height="7" fill="hsl(${hue} 40% 35%)"/><rect x="66" y="9" width="20" height="14" fill="hsl(${hue} 60% 60%)"/>${lines}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

const image = (hue: number, shape: number, text?: string): Media => ({
  kind: "image",
  pictures: [drawing(hue, shape)],
  ...(text === undefined ? {} : { text }),
});
const clip = (hue: number): Media => ({
  kind: "video",
  pictures: [0, 1, 2, 3].map((i) => drawing(hue + 14 * i, i < 2 ? 0 : 3)),
});
const words = (text: string): Media => ({ kind: "text", text });

function item(
  task: string,
  modality: string,
  query: Media,
  results: readonly Media[],
  right: number,
  more: Partial<GalleryItem> = {},
): GalleryItem {
  return {
    task,
    modality,
    configuration: "+HW+FN, tau learned",
    query,
    results: results.map((media, i) => ({
      id: `${task}-${i}`,
      media,
      score: 0.83 - 0.07 * i - 0.01 * right,
      relevant: i === right,
    })),
    rank: right < 0 ? 9 : right + 1,
    candidates: 132,
    ...more,
  };
}

const GALLERY: GalleryItem[] = [
  item(
    "emoji-classify",
    "image",
    image(48, 0),
    ["grinning face", "slightly smiling face", "person", "sun", "orange circle"].map(words),
    0,
    { instruction: "Identify the thing shown in the picture." },
  ),
  item(
    "keyword-to-emoji",
    "image",
    words("a flag with three stripes, red on both sides"),
    [image(2, 1), image(215, 1), image(120, 1), image(30, 2), image(280, 1)],
    1,
    {
      instruction: "Find a picture that fits the words.",
      before: { configuration: "baseline", rank: 4 },
    },
  ),
  item(
    "style-match",
    "image",
    image(12, 2, "the same thing in another style"),
    [image(205, 2), image(25, 2), image(60, 3), image(90, 0), image(300, 2)],
    -1,
  ),
  item(
    "stroke-character",
    "video",
    clip(350),
    ["tree", "rest", "origin", "book", "end"].map(words),
    0,
    { instruction: "Which word is written?" },
  ),
  item(
    "stroke-retrieval",
    "video",
    words("the character for water, stroke by stroke"),
    [clip(200), clip(160), clip(230), clip(20), clip(80)],
    0,
  ),
  item(
    "country-sheet",
    "visdoc",
    words("Which country has the capital Windhoek and borders Angola?"),
    [210, 20, 140, 290, 60].map((hue) => ({ kind: "document" as const, pictures: [page(hue)] })),
    2,
    { before: { configuration: "baseline", rank: 1 } },
  ),
  item(
    "readme-page",
    "visdoc",
    words("How do I install the package without a compiler?"),
    [80, 330, 190, 10, 250].map((hue) => ({ kind: "document" as const, pictures: [page(hue)] })),
    0,
  ),
  item(
    "definition-retrieval",
    "text",
    words("a small domesticated carnivorous mammal with soft fur"),
    [
      "cat: feline mammal usually having thick soft fur",
      "ferret: domesticated albino variety of the European polecat",
      "dog: a member of the genus Canis",
      "lynx: short-tailed wildcats",
      "mouse: any of numerous small rodents",
    ].map(words),
    0,
  ),
];

export const REPORT: Report = {
  title: "What hardness weighting and false-negative masking do at small scale",
  experiment: "ablate quick",
  generatedAt: "2026-11-23T02:00:00Z",
  summary:
    "Eight configurations of RzenEmbed's improved loss were trained from one stage 1 checkpoint on the same batches, and scored on sixteen tasks over pictures, videos, document pages and text. Every difference is paired by data set and seed, with its interval and corrected for the number of comparisons.",
  remarks: [
    "The paper never ablated hardness weighting or masking; the nearest outside figure is LLaVE's +1.1 points for weighting on MMEB-V1 with a 2B model.",
  ],
  modalities: MODALITIES,
  datasets: DATASETS,
  grid: GRID,
  effects: [
    { name: "hardness weighting", order: "main", ...deltas(-0.001, -0.004, 0.002, -0.002, 0) },
    { name: "false-negative mask", order: "main", ...deltas(0.021, 0.028, 0.018, 0.015, 0.008) },
    { name: "learned temperature", order: "main", ...deltas(0.001, 0.002, 0.001, -0.003, 0.001) },
    {
      name: "hardness weighting x false-negative mask",
      order: "interaction",
      ...deltas(0.014, 0.02, 0.011, 0.01, 0.006),
    },
    {
      name: "hardness weighting x learned temperature",
      order: "interaction",
      ...deltas(-0.006, -0.007, -0.005, -0.005, -0.002),
    },
    {
      name: "false-negative mask x learned temperature",
      order: "interaction",
      ...deltas(0.002, 0.003, 0.001, 0.002, 0),
    },
  ],
  baselines: [
    {
      name: "chance",
      kind: "chance",
      overall: { mean: 0.013, low: null, high: null, n: 1 },
      modalities: {
        image: { mean: 0.014, low: null, high: null, n: 1 },
        video: { mean: 0.011, low: null, high: null, n: 1 },
        visdoc: { mean: 0.012, low: null, high: null, n: 1 },
        text: { mean: 0.006, low: null, high: null, n: 1 },
      },
      deltas: deltas(0.52, 0.53, 0.5, 0.52, 0.49),
      note: "expected value of a random ranking",
    },
    {
      name: "untrained",
      kind: "untrained",
      overall: around(0.082, 0.01),
      modalities: byModality(0.11, 0.06, 0.05, 0.09),
      deltas: deltas(0.45, 0.44, 0.45, 0.48, 0.4),
    },
    {
      name: "pixel ridge",
      kind: "ridge",
      overall: around(0.281, 0.02),
      modalities: byModality(0.37, 0.31, 0.07, 0.02),
      deltas: deltas(0.25, 0.17, 0.2, 0.46, 0.47),
      note: "closed form, on 16 x 16 pixels",
    },
    {
      name: "stage 1",
      kind: "stage1",
      overall: around(0.463, 0.012),
      modalities: byModality(0.48, 0.42, 0.47, 0.46),
      deltas: deltas(0.07, 0.06, 0.09, 0.06, 0.03),
    },
    {
      name: "stage 2",
      kind: "stage2",
      overall: around(0.533, 0.011),
      modalities: byModality(0.545, 0.511, 0.532, 0.494),
      deltas: null,
      note: "+HW+FN, tau learned",
    },
  ],
  curves: [
    {
      title: "Training loss",
      metric: "loss (nats)",
      groups: curve(
        NAMES,
        (i, x) => 1.2 + 2.4 * Math.exp(-4 * x) + (i % 4 === 1 ? 1.6 : i % 4 === 3 ? 0.9 : 0),
        0.08,
      ),
      note: "Losses with weighting are larger by construction and cannot be compared with those without.",
    },
    {
      title: "Score on the dev split",
      metric: "mean score",
      percent: true,
      groups: curve(
        NAMES,
        (i, x) => 0.3 + 0.22 * (1 - Math.exp(-3.2 * x)) + 0.008 * (i % 4),
        0.008,
      ),
    },
  ],
  taus: [
    {
      configuration: "+HW+FN, tau learned",
      tasks: curve(
        [
          "image-classification",
          "image-qa",
          "image-retrieval",
          "image-grounding",
          "document-retrieval",
          "video-retrieval",
          "video-qa",
          "text",
        ],
        (i, x) => 0.05 * Math.exp(-(0.25 + 0.11 * i) * x * 2),
        0.0006,
      ),
      initial: 0.05,
      clamp: [0.01, 1],
    },
  ],
  mask: [0.8, 0.9, 0.95, 0.98].flatMap((threshold, i) =>
    ["+FN", "+HW+FN"].map((configuration, j) => ({
      configuration,
      threshold,
      precision: around(0.62 + 0.1 * i + 0.02 * j, 0.02),
      recall: around(0.93 - 0.13 * i - 0.03 * j, 0.02),
      rate: around(0.09 - 0.018 * i, 0.004),
      used: threshold === 0.95,
    })),
  ),
  duplicates: {
    rate: 0.25,
    rows: NAMES.slice(0, 4).map((name, i) => {
      const clean = GRID.rows[i]!.overall.mean;
      const drop = [-0.021, -0.058, -0.006, -0.009][i]!;
      return {
        name,
        clean: around(clean, 0.008),
        planted: around(clean + drop, 0.01),
        change: difference(drop, 0.009),
      };
    }),
    interaction: difference(0.034, 0.012),
  },
  ladder: (
    [
      ["Exp0", "plain InfoNCE", 0.512, null, [65.7, 71.4, 43.5, 73.8]],
      ["Exp1", "+ classification sets in one batch", 0.515, 0.003, [66.3, 71, 45.3, 75]],
      ["Exp2", "+ learned temperature", 0.514, 0.002, [66.4, 71.5, 44, 75.3]],
      ["Exp3", "+ system prompt", 0.51, -0.002, [66.4, 71.3, 45, 75]],
      ["Exp4", "+ all three", 0.521, 0.009, [66.7, 71.6, 45.8, 75]],
      ["Exp5", "Exp4 + resampling", 0.519, 0.007, [67.2, 72.3, 47.3, 74.5]],
    ] as const
  ).map(([name, changes, score, gain, [overall, images, video, visdoc]]) => ({
    name,
    changes,
    ours: {
      overall: around(score, 0.009),
      modalities: byModality(score + 0.01, score - 0.02, score + 0.01, 0.49),
    },
    delta: gain === null ? null : difference(gain, 0.006),
    paper: {
      overall: overall / 100,
      modalities: { image: images / 100, video: video / 100, visdoc: visdoc / 100 },
    },
  })),
  soup: [
    {
      name: "mix image",
      kind: "member",
      overall: around(0.527, 0.01),
      modalities: byModality(0.551, 0.49, 0.52, 0.49),
      delta: null,
    },
    {
      name: "mix video",
      kind: "member",
      overall: around(0.522, 0.01),
      modalities: byModality(0.53, 0.515, 0.515, 0.49),
      delta: null,
    },
    {
      name: "mix visdoc",
      kind: "member",
      overall: around(0.524, 0.01),
      modalities: byModality(0.532, 0.492, 0.541, 0.488),
      delta: null,
    },
    {
      name: "uniform",
      kind: "uniform",
      merge: "delta",
      overall: around(0.536, 0.01),
      modalities: byModality(0.55, 0.512, 0.54, 0.492),
      delta: difference(0.009, 0.007),
      weights: [1 / 3, 1 / 3, 1 / 3],
    },
    {
      name: "uniform of factors",
      kind: "uniform",
      merge: "factors",
      overall: around(0.519, 0.01),
      modalities: byModality(0.53, 0.495, 0.522, 0.487),
      delta: difference(-0.008, 0.007),
      weights: [1 / 3, 1 / 3, 1 / 3],
    },
    {
      name: "greedy",
      kind: "greedy",
      merge: "delta",
      overall: around(0.534, 0.01),
      modalities: byModality(0.551, 0.508, 0.536, 0.491),
      delta: difference(0.007, 0.008),
      weights: [0.5, 0, 0.5],
    },
    {
      name: "seeds only",
      kind: "control",
      merge: "delta",
      overall: around(0.529, 0.01),
      modalities: byModality(0.548, 0.495, 0.528, 0.49),
      delta: difference(0.002, 0.007),
      weights: [1 / 3, 1 / 3, 1 / 3],
    },
  ],
  barriers: ["mix image – mix video", "mix image – mix visdoc", "mix video – mix visdoc"].map(
    (name, i) => {
      const lambdas = Array.from({ length: 11 }, (_, k) => k / 10);
      return {
        name,
        lambdas,
        loss: lambdas.map((x) => 1.31 + 0.02 * i * x - 0.08 * (1 + i / 3) * x * (1 - x)),
        barrier: 0,
      };
    },
  ),
  gallery: GALLERY,
  method: {
    text: [
      "A Qwen2-VL-shaped encoder of 2.9 million parameters was trained in two stages: stage 1 on pairs without instructions with plain InfoNCE, stage 2 as adapters on the frozen stage 1 model, where the configurations differ. Within a seed all configurations see the same batches in the same order.",
      "Scores are MMEB-V2's: hit@1 for images and videos, linear nDCG@5 for documents; a tie counts against the right answer. Overall is the mean over all data sets of images, videos and documents; text stands beside it.",
    ],
    notes: [
      "Scale: the model is about a thousand times smaller than the paper's, on other data. Compare signs and order, not values.",
      "The paper has no ablation of hardness weighting or of the mask, so there is no figure of its own to compare those rows with. LLaVE reports +1.1 overall for weighting.",
      "Five seeds are few: intervals are wide on purpose, and an effect under half a point would not be seen here.",
      "Synthetic clips are drawn by us and marked so; no claim rests on them alone.",
    ],
  },
  reproduction: {
    command: "npx rzenlab ablate quick --seeds 5\nnpx rzenlab report quick",
    commit: "4f86920c1d2e3b4a5968778695a4b3c2d1e0f9a8",
    dirty: true,
    seeds: [0, 1, 2, 3, 4],
    digests: { "mini-MMEB": "sha256:0f3a9d5c7b1e2f4a", "stage 1": "sha256:9c4e1d7a3b5f6082" },
    machine: "2 cores, 24 GiB, no GPU",
    versions: { node: "24.21.0", "onnxruntime-node": "1.30.0", rzenlab: "0.1.0" },
    wallSeconds: 431,
  },
};
