/** @file Pictures that a run logged again and again: which belong together, and at which step. */

export type Stepped = {
  readonly name: string;
  /** By step. */
  readonly pictures: readonly { readonly step: number; readonly path: string }[];
};

export const PICTURE = /\.(?:png|jpe?g|webp|gif|svg)$/i;

/** MLflow's log_image: images/KEY%step%N%timestamp%T%ID.png, in which / of the key became #. */
const MLFLOW = /^images\/(.+?)[%+~]step[%+~](-?\d+)[%+~]timestamp[%+~]\d+[%+~][\w-]+?(\.\w+)$/;
/** `samples/step-200.png`, `heat_step_12.png`, `step=3/attention.webp`. */
const PLAIN = /^(.*?)[/_.-]?step[_=-]?(-?\d+)(.*)$/i;

/** Series of two or more; pictures without a step stay with the files. */
export function steppedPictures(paths: readonly string[]): Stepped[] {
  const series = new Map<string, { step: number; path: string }[]>();
  for (const path of paths) {
    // The thumbnail that MLflow keeps beside each.
    if (!PICTURE.test(path) || path.endsWith("%compressed.webp")) continue;
    const own = MLFLOW.exec(path);
    const found = own ?? PLAIN.exec(path);
    if (found === null) continue;
    const [, key = "", step = "", rest = ""] = found;
    const name = own === null ? `${key}${rest}`.replace(/^[/_.-]+/, "") : key.replaceAll("#", "/");
    series.set(name, [...(series.get(name) ?? []), { step: Number(step), path }]);
  }
  return [...series]
    .filter(([, pictures]) => pictures.length > 1)
    .map(([name, pictures]) => ({ name, pictures: pictures.sort((a, b) => a.step - b.step) }));
}
