/** @file Names and keywords of training concepts in other languages. Pretraining only. */
import { joinKey, type Concept } from "./concepts.ts";
import type { BuiltTask } from "./output.ts";
import { packageJson } from "./sources.ts";
import { TaskBuilder } from "./task-builder.ts";
import { LANGUAGES } from "./text-tasks.ts";

type Row = { readonly label: string; readonly hexcode: string; readonly tags?: readonly string[] };

/** "hund; haustier, tier" -> "dog", and "haustier, tier" -> "dog; animal, pet". */
export function moreLabels(concepts: readonly Concept[]): BuiltTask {
  const task = new TaskBuilder("more-labels", "train");
  const trained = new Map(
    concepts.flatMap((concept) =>
      concept.split === "train" ? [[concept.hex, concept] as const] : [],
    ),
  );
  const english = rowsOf("en", trained);
  for (const language of LANGUAGES) {
    for (const [hex, row] of rowsOf(language, trained)) {
      const { label } = trained.get(hex)!;
      const own = row.label.toLowerCase();
      const tags = tagsOf(row);
      const englishTags = tagsOf(english.get(hex));
      if (own !== label) {
        task.candidate(label, { text: label }, hex);
        task.query({ id: `${language}:${hex}`, item: { text: own }, positives: label, label: hex });
      }
      if (tags === "" || englishTags === "" || tags === englishTags) continue;
      task.candidate(englishTags, { text: englishTags }, hex);
      const id = `${language}:${hex}:tags`;
      task.query({ id, item: { text: tags }, positives: englishTags, label: hex });
    }
  }
  return task.build();
}

function rowsOf(language: string, trained: ReadonlyMap<string, Concept>): Map<string, Row> {
  const rows = packageJson("emojibase-data", `${language}/data.json`) as Row[];
  return new Map(
    rows.flatMap((row) => {
      const hex = joinKey(row.hexcode);
      return trained.has(hex) ? [[hex, row] as const] : [];
    }),
  );
}

/** Keywords in the package's order. */
function tagsOf(row: Row | undefined): string {
  return (row?.tags ?? []).join(", ").toLowerCase();
}
