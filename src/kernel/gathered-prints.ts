/** @file Prints put together: many small ones of one stream become few messages, in the order in which they came. */

/** What comes in one turn of the event loop goes out together, or sooner when it is much. */
export class GatheredPrints<Owner, Name extends string> {
  readonly #maxChars: number;
  readonly #emit: (owner: Owner, name: Name, text: string) => void;
  #pending: { owner: Owner; name: Name; texts: string[]; chars: number } | undefined;
  #scheduled = false;

  /** @param emit takes what was gathered of one owner's stream */
  constructor(maxChars: number, emit: (owner: Owner, name: Name, text: string) => void) {
    this.#maxChars = maxChars;
    this.#emit = emit;
  }

  add(owner: Owner, name: Name, text: string): void {
    let pending = this.#pending;
    if (pending === undefined || pending.owner !== owner || pending.name !== name) {
      this.flush();
      pending = { owner, name, texts: [], chars: 0 };
      this.#pending = pending;
    }
    pending.texts.push(text);
    pending.chars += text.length;
    if (pending.chars >= this.#maxChars) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
  }

  flush(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    this.#emit(pending.owner, pending.name, pending.texts.join(""));
  }
}
