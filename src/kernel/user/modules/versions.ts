/** @file One digest a file that changes with it and with everything it imports, found in one walk over all of them. */
import { createHash } from "node:crypto";

export type Node = {
  /** Digest of the file's own content. */
  readonly hash: string;
  /** Paths of what it imports. */
  readonly imports: readonly string[];
};

type Visit = { readonly index: number; low: number };

/** Versions of files whose contents stand still; for others make a new one. */
export class Versions {
  readonly #look: (path: string) => Node | undefined;
  readonly #known = new Map<string, string>();
  readonly #visits = new Map<string, Visit>();
  /** Files whose circle of imports is still open, oldest first. */
  readonly #open: string[] = [];

  constructor(look: (path: string) => Node | undefined) {
    this.#look = look;
  }

  of(path: string): string {
    if (!this.#known.has(path)) this.#visit(path);
    return this.#known.get(path)!;
  }

  /** Tarjan's strongly connected components: files that import each other in a circle have one version. */
  #visit(path: string): Visit {
    const visit: Visit = { index: this.#visits.size, low: this.#visits.size };
    this.#visits.set(path, visit);
    this.#open.push(path);
    for (const each of this.#look(path)?.imports ?? []) {
      if (this.#known.has(each)) continue;
      const { low } = this.#visits.get(each) ?? this.#visit(each);
      visit.low = Math.min(visit.low, low);
    }
    if (visit.low === visit.index) this.#close(this.#open.splice(this.#open.indexOf(path)));
    return visit;
  }

  #close(circle: readonly string[]): void {
    const own = circle.map((file) => `${file}\0${this.#look(file)?.hash}`);
    const imported = circle.flatMap((file) =>
      (this.#look(file)?.imports ?? []).flatMap((each) => this.#known.get(each) ?? []),
    );
    const parts = [...own.sort(), ...[...new Set(imported)].sort()];
    const version = createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 12);
    for (const file of circle) this.#known.set(file, version);
  }
}
