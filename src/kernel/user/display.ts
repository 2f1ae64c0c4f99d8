/** @file `display`: values as MIME bundles, shown at once, and changed later by their id. */
import { randomUUID } from "node:crypto";
import type { Json } from "../protocol/wire.ts";
import type { Cells } from "./cells.ts";
import type { Channel } from "./channel.ts";
import type { MimeBundle, Rich } from "./messages.ts";
import { encodeBundle, richOf } from "./rich.ts";

export type DisplayOptions = {
  /** Name under which the display can be changed, by `update` or by a later display with `update: true`. */
  readonly id?: string;
  /** The value is a MIME bundle already. */
  readonly raw?: boolean;
  /** Change the displays of this id instead of adding one. */
  readonly update?: boolean;
  readonly metadata?: Json;
};

/** A display that can be changed, and awaited where its value renders itself asynchronously. */
export type DisplayHandle = PromiseLike<void> & {
  readonly id: string;
  update(value: unknown, options?: Pick<DisplayOptions, "raw" | "metadata">): DisplayHandle;
};

export type Display = (value: unknown, options?: DisplayOptions) => DisplayHandle;

export function displayOf(channel: Channel, cells: Cells): Display {
  const display: Display = (value, options = {}) => {
    const { raw = false, update = false, metadata = {} } = options;
    const id = options.id ?? randomUUID();
    const run = cells.current;
    const send = (rich: Rich): void => {
      const merged = { data: rich.data, metadata: { ...rich.metadata, ...metadata } };
      channel.send({ type: "display", cell: run.id, update, id, ...merged });
    };
    const rich = raw
      ? { data: encodeBundle(asBundle(value)), metadata: {} }
      : richOf(value, { cellKey: run.key });
    let sent: Promise<void> = Promise.resolve();
    if (rich instanceof Promise) {
      sent = rich.then(send);
      run.displays.add(sent);
      const forget = (): boolean => run.displays.delete(sent);
      void sent.then(forget, forget);
    } else {
      send(rich);
    }
    return {
      id,
      update: (next, more = {}) => display(next, { ...more, id, update: true }),
      // oxlint-disable-next-line unicorn/no-thenable -- awaiting a display waits until it is shown
      then: (resolve, reject) => sent.then(resolve, reject),
    };
  };
  return display;
}

function asBundle(value: unknown): MimeBundle {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(
      `display: with raw, the value must be an object from MIME types to data, got ${value === null ? "null" : typeof value}`,
    );
  }
  return value as MimeBundle;
}
