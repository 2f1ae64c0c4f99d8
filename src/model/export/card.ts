/** @file The README of an exported folder: what it is and how to load it. */
import type { State } from "../../engine/index.ts";
import { sizeOf } from "../../engine/index.ts";
import { patchSize } from "../pixels.ts";
import type { FolderOptions } from "./folder.ts";

/** A Hugging Face model card. */
export function modelCard(
  { config, head, prompt, sizes, facts }: FolderOptions,
  weights: State,
): string {
  let parameters = 0;
  for (const { shape } of weights.values()) parameters += sizeOf(shape);
  const dim = head?.out ?? head?.dim ?? config.text.hidden;
  const { image, video, page } = sizes;
  const rows = Object.entries(facts).map(([name, value]) => `| ${name} | ${value} |`);
  const patch = patchSize({ still: false }, config);
  return `---
license: apache-2.0
library_name: transformers
pipeline_tag: feature-extraction
tags: [embeddings, multimodal, rzenlab]
---

# ${config.name} encoder, ${parameters.toLocaleString("en")} parameters

Embeds texts, pictures, clips and pages as unit vectors of ${dim} numbers; the dot product says how alike two are.
Architecture of Qwen2-VL${config.vision.inChannels === 5 ? ", with two channels of luma gradients beside RGB" : ""}${config.vision.learnedPositions === null ? "" : ", learnt patch places beside rotary ones"}${head === undefined ? "" : ", a gated head on the embedding"}.
Trained with RzenLab. Trained for pictures of ${image.width}x${image.height}, clips of ${video.width}x${video.height} and pages of ${page.width}x${page.height} pixels,
prompt mode \`${prompt}\`.

| from | |
| --- | --- |
${rows.join("\n")}

## Python, transformers (PyTorch)

\`\`\`python
from transformers import AutoModel, AutoProcessor

model = AutoModel.from_pretrained(folder, trust_remote_code=True)
processor = AutoProcessor.from_pretrained(folder, trust_remote_code=True)
texts = model(**processor(text=["a red apple", "two dogs"], return_tensors="pt")).embedding
images = model(**processor(images=[pil_image], return_tensors="pt")).embedding  # pages=, videos= alike
print(texts @ images.T)
\`\`\`

## Python, onnxruntime

\`\`\`python
import onnxruntime

session = onnxruntime.InferenceSession(f"{folder}/onnx/model.onnx")
[texts] = session.run(["embedding"], dict(processor(text=["a red apple"])))  # numpy arrays
\`\`\`

## JavaScript, @huggingface/transformers

\`\`\`js
import { AutoModel, AutoTokenizer, Tensor } from "@huggingface/transformers";

const model = await AutoModel.from_pretrained(folder, { dtype: "fp32" });
const tokenizer = await AutoTokenizer.from_pretrained(folder);
const { embedding } = await model({
  ...tokenizer(["a red apple", "two dogs"], { padding: true }),
  pixel_values: new Tensor("float32", [], [0, ${patch}]),
  image_grid_thw: new Tensor("int64", [], [0, 3]),
});
\`\`\`

Patches of pictures: \`portableInputs\` of \`rzenlab/model\`, or as processing_rzen.py makes them.

## RzenLab

\`rzenlab train <recipe> model.init=<folder>\` goes on from the encoder's weights.

## Inputs of onnx/model.onnx

| name | type | |
| --- | --- | --- |
| input_ids | int64 [batch, tokens] | padded on the right; a picture's place is held by its pad tokens, at most one picture a row |
| attention_mask | int64 [batch, tokens] | 0 on padding |
| pixel_values | float32 [patches, ${patch}] | in Qwen2-VL's order; of stills every frame twice; [0, ${patch}] without pictures |
| image_grid_thw | int64 [pictures, 3] | time, height and width in patches, equal for all pictures of a call; [0, 3] without |

Output: \`embedding\` [batch, ${dim}].
`;
}
