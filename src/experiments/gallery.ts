/** @file Retrieval examples to look at: a few queries of every task with what was ranked first, as small pictures. */
import type { TaskScore } from "../eval/index.ts";
import type { Item, Task } from "../data/types.ts";
import type { GalleryItem, Media } from "../plot/types.ts";

/** A retrieval as stored with a run: ids only. */
export type StoredRetrieval = {
  readonly task: string;
  readonly query: string;
  readonly results: readonly {
    readonly id: string;
    readonly score: number;
    readonly grade: number;
  }[];
  /** Rank of the best positive. */
  readonly rank: number;
  readonly candidates: number;
};

const QUERIES_PER_TASK = 3;
const RESULTS = 5;
const PICTURE_WIDTH = 96;
const PAGE_WIDTH = 160;
const MAX_FRAMES = 4;

/** Queries spread evenly over the task, whatever came out: never the best ones picked by hand. */
export function storedRetrievals({ name, perQuery }: TaskScore): StoredRetrieval[] {
  const n = Math.min(QUERIES_PER_TASK, perQuery.length);
  return Array.from({ length: n }, (_, i) => {
    const query = perQuery[Math.floor(((i + 0.5) * perQuery.length) / n)]!;
    return {
      task: name,
      query: query.id,
      results: query.top.slice(0, RESULTS),
      rank: query.best.rank,
      candidates: query.poolSize,
    };
  });
}

export type GalleryOptions = {
  readonly configuration: string;
  readonly tasks: readonly Task[];
  readonly retrievals: readonly StoredRetrieval[];
  /** The same queries under another configuration. */
  readonly before?: {
    readonly configuration: string;
    readonly retrievals: readonly StoredRetrieval[];
  };
  /** At most this many a task; default 1. */
  readonly perTask?: number;
};

/** Stored retrievals with their texts and pictures. */
export async function galleryItems(options: GalleryOptions): Promise<GalleryItem[]> {
  const { configuration, tasks, retrievals, before, perTask = 1 } = options;
  const pictures = new Map<string, Promise<string>>();
  const items: GalleryItem[] = [];
  for (const task of tasks) {
    const queries = new Map(task.queries.map((query) => [query.id, query]));
    for (const found of retrievals.filter((r) => r.task === task.name).slice(0, perTask)) {
      const query = queries.get(found.query);
      if (query === undefined)
        throw new RangeError(`gallery: ${task.name} has no query ${found.query}`);
      const earlier = before?.retrievals.find(
        (r) => r.task === task.name && r.query === found.query,
      );
      items.push({
        task: task.name,
        modality: task.modality,
        configuration,
        query: await media(query.item, pictures),
        instruction: task.queryInstruction,
        results: await Promise.all(
          found.results.map(async ({ id, score, grade }) => ({
            id,
            media: await media(task.corpus.get(id) ?? {}, pictures),
            score,
            relevant: grade > 0,
          })),
        ),
        rank: found.rank,
        candidates: found.candidates,
        ...(before !== undefined && earlier !== undefined && earlier.rank !== found.rank
          ? { before: { configuration: before.configuration, rank: earlier.rank } }
          : {}),
      });
    }
  }
  return items;
}

/** An item's text and small pictures; `pictures` keeps those made before. */
export async function media(item: Item, pictures: Map<string, Promise<string>>): Promise<Media> {
  const text = item.text === undefined ? {} : { text: item.text };
  const picture = (file: string, width: number): Promise<string> => {
    const known = pictures.get(file) ?? thumbnail(file, width);
    pictures.set(file, known);
    return known;
  };
  if (item.image !== undefined) {
    return { kind: "image", ...text, pictures: [await picture(item.image, PICTURE_WIDTH)] };
  }
  if (item.document !== undefined) {
    return { kind: "document", ...text, pictures: [await picture(item.document, PAGE_WIDTH)] };
  }
  if (item.video !== undefined) {
    const frames = spread(item.video, MAX_FRAMES).map((file) => picture(file, PICTURE_WIDTH));
    return { kind: "video", ...text, pictures: await Promise.all(frames) };
  }
  return { kind: "text", ...text };
}

/** At most `n` of `files`, first and last among them. */
function spread(files: readonly string[], n: number): string[] {
  if (files.length <= n) return [...files];
  return Array.from(
    { length: n },
    (_, i) => files[Math.round((i * (files.length - 1)) / (n - 1))]!,
  );
}

async function thumbnail(file: string, width: number): Promise<string> {
  const { default: sharp } = await import("sharp");
  const bytes = await sharp(file)
    .resize({ width, withoutEnlargement: true })
    .flatten({ background: "#fff" })
    .webp({ quality: 70 })
    .toBuffer();
  return `data:image/webp;base64,${bytes.toString("base64")}`;
}
