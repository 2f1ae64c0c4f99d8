/** @file Run as `node src/data/mini/write-docs.ts`: writes data/README.md and NOTICE from the build. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { miniReadme, noticeText } from "./docs.ts";
import { prepareMini } from "./index.ts";

const repository = resolve(import.meta.dirname, "../../..");
const { manifest } = await prepareMini(resolve(repository, ".rzenlab/data/mini-mmeb"));
writeFileSync(resolve(repository, "data/README.md"), miniReadme(manifest));
writeFileSync(resolve(repository, "NOTICE"), noticeText());
