import { readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import {
  DataError,
  openPixels,
  type Item,
  type PixelSizes,
  type PixelStore,
  type Task,
} from "../../src/data/index.ts";
import { put, smallTask, temporaryFolder } from "./support.ts";

const SIZES: PixelSizes = {
  image: { width: 8, height: 6 },
  video: { width: 4, height: 4, frames: 3 },
  page: { width: 6, height: 9 },
  line: { width: 12, height: 2 },
};

let pictures: Record<"red" | "green" | "blue" | "line", Buffer>;
const flat = (width: number, height: number, background: string): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();

beforeAll(async () => {
  const [red, green, blue, line] = await Promise.all([
    flat(8, 6, "#ff0000"),
    flat(4, 4, "#00ff00"),
    flat(6, 9, "#0000ff"),
    flat(60, 10, "#ffffff"),
  ]);
  pictures = { red, green, blue, line };
});

function makeRoot(): { root: string; items: Record<string, Item>; task: Task } {
  const root = temporaryFolder();
  const items: Record<string, Item> = {
    image: { image: put(root, "a.png", pictures.red), text: "beside" },
    sameBytes: { image: put(root, "b.png", pictures.red) },
    clip: {
      video: ["0.png", "1.png"].map((name, i) =>
        put(root, `clip/${name}`, i === 0 ? pictures.green : pictures.blue),
      ),
    },
    page: { document: put(root, "p.png", pictures.blue) },
    line: { document: put(root, "l.png", pictures.line) },
    bad: { image: put(root, "bad.png", "not a picture") },
    text: { text: "no pixels" },
  };
  const corpus = new Map(Object.entries(items));
  return { root, items, task: { ...smallTask(), queries: [], corpus, digest: "" } };
}

/** Distinct colours of the first frame. */
function colours(data: Uint8Array): string[] {
  const seen = new Set<string>();
  for (let i = 0; i < data.length; i += 3) seen.add([...data.subarray(i, i + 3)].join(" "));
  return [...seen];
}

test("each kind comes at its size, clips padded with their last frame", async () => {
  const { root, items, task } = makeRoot();
  const store = await openPixels(root, [task], { sizes: SIZES });
  const shape = (name: string): number[] => {
    const { frames, height, width, data } = store.get(items[name]!);
    expect(data).toHaveLength(frames * height * width * 3);
    return [frames, height, width];
  };
  expect(shape("image")).toEqual([1, 6, 8]);
  expect(shape("clip")).toEqual([3, 4, 4]);
  expect(shape("page")).toEqual([1, 9, 6]);
  expect(shape("line")).toEqual([1, 2, 12]);
  expect(colours(store.get(items["image"]!).data)).toEqual(["255 0 0"]);
  const clip = store.get(items["clip"]!).data;
  expect(colours(clip.subarray(0, 48))).toEqual(["0 255 0"]);
  // The blue frame is 6x9: letterboxed on white. It is the last, so it stands twice.
  expect(colours(clip.subarray(48, 96))).toContain("0 0 255");
  expect(clip.subarray(96)).toEqual(clip.subarray(48, 96));
});

test("a medium that does not decode is reported by its path and never silently missing", async () => {
  const { root, items, task } = makeRoot();
  const store = await openPixels(root, [task], { sizes: SIZES });
  expect(store.failures.map(({ id }) => id)).toEqual([join(root, "bad.png")]);
  expect(store.failures[0]!.error.message).toContain("bad.png: expected a picture that decodes");
  expect(() => store.get(items["bad"]!)).toThrow("bad.png did not decode");
  expect(store.has(items["bad"]!)).toBe(false);
  expect(() => store.get(items["text"]!)).toThrow("has no pixels");
  expect(() => store.get({ image: "/elsewhere.png" })).toThrow(
    "is of no task the store was opened with",
  );
  expect(await store.load(items["text"]!)).toBeUndefined();
});

const THEN = new Date(1_700_000_000_000);

test("a second opening reads no medium that has its old size and time", async () => {
  const { root, items, task } = makeRoot();
  const path = items["image"]!.image!;
  utimesSync(path, THEN, THEN);
  const first = await openPixels(root, [task], { sizes: SIZES });
  // Rubbish that only reading would notice.
  writeFileSync(path, Buffer.alloc(pictures.red.length, 7));
  utimesSync(path, THEN, THEN);
  const segments = segmentFiles(root);
  const second = await openPixels(root, [task], { sizes: SIZES });
  expect(segmentFiles(root)).toEqual(segments);
  for (const name of ["image", "sameBytes", "clip", "page", "line"]) {
    expect(second.get(items[name]!)).toEqual(first.get(items[name]!));
  }
});

test("a changed medium is decoded anew, equal bytes are kept once", async () => {
  const { root, items, task } = makeRoot();
  const offset = (store: PixelStore, name: string): number =>
    store.get(items[name]!).data.byteOffset;
  const first = await openPixels(root, [task], { sizes: SIZES });
  expect(offset(first, "sameBytes")).toBe(offset(first, "image"));
  writeFileSync(items["image"]!.image!, pictures.blue);
  const second = await openPixels(root, [task], { sizes: SIZES });
  expect(colours(second.get(items["image"]!).data)).toContain("0 0 255");
  expect(colours(second.get(items["sameBytes"]!).data)).toEqual(["255 0 0"]);
});

test("other sizes are another cache", async () => {
  const { root, items, task } = makeRoot();
  await openPixels(root, [task], { sizes: SIZES });
  const sizes = { ...SIZES, image: { width: 2, height: 2 } };
  const store = await openPixels(root, [task], { sizes });
  expect(store.get(items["image"]!).width).toBe(2);
});

test("a segment cut short, without an index or with a damaged one does not count", async () => {
  for (const damage of ["truncate", "no index", "bad index"]) {
    const { root, items, task } = makeRoot();
    const first = await openPixels(root, [task], { sizes: SIZES });
    const [bin, index] = segmentFiles(root);
    if (damage === "truncate") truncateSync(bin!, 10);
    else if (damage === "no index") rmSync(index!);
    else writeFileSync(index!, '{"entries": [');
    const second = await openPixels(root, [task], { sizes: SIZES });
    expect(second.get(items["page"]!), damage).toEqual(first.get(items["page"]!));
    expect(second.failures, damage).toHaveLength(1);
  }
});

test("processes that open one root at once do not disturb each other", async () => {
  const { root, items, task } = makeRoot();
  const stores = await Promise.all([1, 2, 3].map(() => openPixels(root, [task], { sizes: SIZES })));
  for (const store of stores)
    expect(store.get(items["clip"]!)).toEqual(stores[0]!.get(items["clip"]!));
});

test("an aborted opening leaves nothing behind", async () => {
  const { root, task } = makeRoot();
  const controller = new AbortController();
  const opening = openPixels(root, [task], {
    sizes: SIZES,
    signal: controller.signal,
    onProgress: ({ done }) => done === 2 && controller.abort(),
  });
  await expect(opening).rejects.toThrow("aborted");
  expect(segmentFiles(root)).toEqual([]);
});

test("threads decode the same and report failures the same", async () => {
  const { root, items, task } = makeRoot();
  const here = await openPixels(root, [task], { sizes: SIZES, threads: 0 });
  rmSync(join(root, "cache"), { recursive: true });
  const threads = await openPixels(root, [task], { sizes: SIZES, threads: 2 });
  for (const name of ["image", "sameBytes", "clip", "page", "line"]) {
    expect(threads.get(items[name]!)).toEqual(here.get(items[name]!));
  }
  expect(threads.failures).toHaveLength(1);
  expect(threads.failures[0]!.error).toBeInstanceOf(DataError);
  expect(threads.failures[0]!.error.message).toBe(here.failures[0]!.error.message);
});

test("a file that is not there is a failure of its own", async () => {
  const { root, items, task } = makeRoot();
  rmSync(items["page"]!.document!);
  const store = await openPixels(root, [task], { sizes: SIZES });
  expect(store.failures.map(({ id }) => id.slice(root.length)).toSorted()).toEqual([
    "/bad.png",
    "/p.png",
  ]);
  expect(store.has(items["line"]!)).toBe(true);
});

test("progress counts every distinct medium", async () => {
  const { root, task } = makeRoot();
  const seen: number[] = [];
  await openPixels(root, [task], {
    sizes: SIZES,
    onProgress: ({ done, total }) => seen.push(done, total),
  });
  expect(seen).toEqual([0, 6, 1, 6, 2, 6, 3, 6, 4, 6, 5, 6, 6, 6]);
});

/** The .bin and .json files of the one cache folder. */
function segmentFiles(root: string): string[] {
  return readdirSync(join(root, "cache"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
