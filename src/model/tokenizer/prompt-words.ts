/** @file Words of instructions, questions and answers that must be whole whatever their frequency. */

/** Prompts of the paper (spec 1.6) and the phrases mini-MMEB and MMEB-V2 build their tasks from. */
export const PROMPT_TEXTS: readonly string[] = [
  "You are a helpful assistant. system user assistant",
  "Given an image, summarize the provided image in one word. Given only text, describe the text in one word.",
  "Represent the given text in one word. Represent the given image in one word. Represent the given video.",
  "Represent the given image for classification. Represent the given image with the following question:",
  "Represent the given cropped image of the object. Represent the given document page.",
  "Find an image that matches the given name. Find an image that matches the given keywords or caption.",
  "Find the name of the thing in the image. Find an image of the same thing drawn by another artist.",
  "Find an image that shows the given image with the requested change. in the style of flat 3d outline",
  "Select the portion of the image that isolates the object labeled as:",
  "Recognize the category of the video content. Understand the content of the provided video or document image.",
  "Given a video and a question, select the most accurate answer from the provided candidates.",
  "Find a video that contains the following visual content: Find a document image that matches the given query:",
  "Find the video that writes the character in the image, stroke by stroke in the right order, reversed.",
  "Find the clip that shows the moment in which the marked part is written. Read the text in the image.",
  "Find the picture of this text: Identify the scene shown in the image. Retrieve the day of the news.",
  "moves left right up down clockwise counterclockwise anticlockwise turns spins rotates grows shrinks bounces fades blinks slides zooms",
  "top bottom left right middle center corner above below beside between upper lower first second third last",
  "how many what which where when who whose why is are there does do has have the color colour shape time",
  "o'clock thirty half past quarter noon midnight hour minute yes no true false none both neither more less fewer",
  "capital currency language languages borders neighbours neighbors subregion region area population spoken paid country countries flag map",
  "chart plot scatter histogram bar line mean average against versus by count distribution axis per year month",
  "page document section heading title table figure description install usage license package library example",
  "red orange yellow green blue purple pink brown black white grey gray light medium dark skin tone hair man woman person",
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty",
];
