/** @file MMEB's image rows: `qry_inst qry_text qry_img_path tgt_inst tgt_text[] tgt_img_path[]`. */
import { DataError } from "../error.ts";
import { itemOf } from "../formats/image.ts";
import { stripPlaceholder } from "../formats/placeholder.ts";
import type { Row } from "../formats/parquet.ts";
import type { Item } from "../types.ts";
import type { Annotation, Instructions, MmebContext } from "./types.ts";

/** Where mmeb_v1.tar.gz was unpacked; the paths of the rows start here. */
const IMAGE_ROOT = "image-tasks/MMEB";

type Candidate = { readonly id: string; readonly item: Item };

/** How the four parsers name and make candidates: the name is the key that merges them (spec 3.4). */
const CANDIDATES: Readonly<Record<string, (row: Row) => Candidate[]>> = {
  image_cls: textCandidates,
  image_qa: textCandidates,
  image_i2t: textCandidates,
  image_t2i: (row) => imageCandidates(row, (path) => path),
  // Several objects of one picture can be targets (RefCOCO-Matching): only path and caption tell them apart.
  image_i2i_vg: (row) => imageCandidates(row, (path, caption) => `${path}:${stripQuotes(caption)}`),
};

function textCandidates(row: Row): Candidate[] {
  return row.texts("tgt_text").map((text) => ({ id: text, item: { text } }));
}

function imageCandidates(row: Row, name: (path: string, caption: string) => string): Candidate[] {
  const paths = row.texts("tgt_img_path");
  const captions = row.texts("tgt_text");
  if (captions.length !== paths.length) {
    throw row.fail("tgt_text", `${paths.length} captions, one for each tgt_img_path`);
  }
  // The evaluator looks at the first caption only to decide whether there are any.
  const captioned = (captions[0] ?? "").trim() !== "";
  return paths.map((path, i) => ({
    id: name(path, captions[i]!),
    item: itemOf(captioned ? stripPlaceholder(captions[i]!) : "", `${IMAGE_ROOT}/${path}`),
  }));
}

function stripQuotes(text: string): string {
  return text.replaceAll(/^"+|"+$/g, "");
}

/** The first candidate is the positive; names that repeat inside a row are one candidate. */
export async function readImageTask(
  annotations: readonly Annotation[],
  { entry, into }: MmebContext,
): Promise<Instructions> {
  const candidatesOf = CANDIDATES[entry.parser];
  if (!candidatesOf) throw new RangeError(`readImageTask: no parser ${entry.parser}`);
  const hasImageQuery = entry.parser !== "image_t2i";
  let query: string | undefined;
  let target: string | undefined;
  for (const [i, { row }] of annotations.entries()) {
    const instruction = stripPlaceholder(row.optionalText("qry_inst") ?? entry.queryInstruction);
    query ??= instruction;
    target = sameTarget(row, target);
    const candidates = candidatesOf(row);
    if (candidates.length === 0) throw row.fail("tgt_text", "at least one target");
    for (const candidate of candidates) into.candidate(candidate, row);
    const path = hasImageQuery ? row.text("qry_img_path") : "";
    into.query(
      {
        id: String(i),
        item: itemOf(stripPlaceholder(row.text("qry_text")), path && `${IMAGE_ROOT}/${path}`),
        positives: new Map([[candidates[0]!.id, 1]]),
        candidates: [...new Set(candidates.map(({ id }) => id))],
        ...(instruction !== query && { instruction }),
      },
      row,
    );
  }
  return { ...(query !== undefined && { query }), ...(target !== undefined && { target }) };
}

/** One instruction for all targets: candidates are shared between rows. */
function sameTarget(row: Row, known: string | undefined): string | undefined {
  const given = row.optionalText("tgt_inst");
  if (given === undefined) return known;
  const instruction = stripPlaceholder(given);
  if (known === undefined || known === instruction) return instruction;
  throw new DataError({
    file: row.file,
    row: row.index,
    field: "tgt_inst",
    value: given,
    expected: `the instruction of the rows before: ${known}`,
  });
}
