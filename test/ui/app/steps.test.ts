import { expect, test } from "vitest";
import { steppedPictures } from "../../../src/ui/app/steps.ts";

test("pictures of one name are a series by step; MLflow's thumbnails are left out", () => {
  const stem = (step: number) => `images/val#nearest%step%${step}%timestamp%17000%0a-1b`;
  const found = steppedPictures([
    `${stem(10)}.png`,
    `${stem(10)}%compressed.webp`,
    `${stem(2)}.png`,
    "heat/map_step-3.png",
    "heat/map_step-1.png",
    "step=7/only.png",
    "plain.png",
    "notes_step_1.txt",
  ]);
  expect(found).toEqual([
    {
      name: "val/nearest",
      pictures: [
        { step: 2, path: `${stem(2)}.png` },
        { step: 10, path: `${stem(10)}.png` },
      ],
    },
    {
      name: "heat/map.png",
      pictures: [
        { step: 1, path: "heat/map_step-1.png" },
        { step: 3, path: "heat/map_step-3.png" },
      ],
    },
  ]);
});
