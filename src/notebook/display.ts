/** @file `display`: any value shown below the cell, now, and changed later. */
import { randomUUID } from "node:crypto";
import { Shown, bundleOf } from "./bundle.ts";
import { host } from "./host.ts";

/** A display that can be changed. */
export type DisplayHandle = {
  readonly id: string;
  update(value: unknown): Promise<void>;
};

/**
 * Shows a value: figures, tables and galleries as such, all else as text.
 *
 *     const place = await display(table(rows));
 *     await place.update(table(moreRows));
 */
export async function display(value: unknown): Promise<DisplayHandle> {
  const id = randomUUID();
  const to = host();
  await to.show(await bundleOf(value), { id });
  return {
    id,
    async update(next) {
      await to.show(await bundleOf(next), { id, update: true });
    },
  };
}

/** HTML as a value that shows itself; `text` stands for it in a terminal. */
export function html(markup: string, text: string): Shown {
  return new Shown(text, () => ({ "text/html": markup }));
}
