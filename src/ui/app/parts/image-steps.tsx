/** @file A picture as it was at each step, by a slider or the arrow keys. */
import { useState } from "react";
import { artifactAddress } from "../api.ts";
import type { Stepped } from "../steps.ts";

export function ImageSteps({ runId, series }: { runId: string; series: Stepped }) {
  const { name, pictures } = series;
  const [at, setAt] = useState(pictures.length - 1);
  const { step, path } = pictures[Math.min(at, pictures.length - 1)]!;
  return (
    <figure className="steps">
      <figcaption>{name}</figcaption>
      <img src={artifactAddress(runId, path)} alt={`${name} at step ${step}`} />
      <label>
        step {step}
        <input
          type="range"
          min={0}
          max={pictures.length - 1}
          value={at}
          aria-valuetext={`step ${step}`}
          onChange={(event) => setAt(Number(event.target.value))}
        />
      </label>
    </figure>
  );
}
