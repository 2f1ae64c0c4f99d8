/** @file Work done once for each name. */

/** What `make` gave for `name` before, or makes it now; what failed is made anew by the next call. */
export function once<T>(
  made: Map<string, Promise<T>>,
  name: string,
  make: (name: string) => Promise<T>,
): Promise<T> {
  const known = made.get(name);
  if (known !== undefined) return known;
  const fresh = make(name);
  made.set(name, fresh);
  fresh.catch(() => made.delete(name));
  return fresh;
}
