/** The keys of an AsyncAPI document: letters, digits, `_` and `-`, and a dot between parts; each is given once. */
export class Names {
  readonly #taken = new Set(["__proto__"]); // An object literal would lose it.

  /** A name made of `parts`, whatever they hold. A number goes behind it if it is taken. */
  take(...parts: readonly string[]): string {
    const wanted = keyOf(...parts);
    let name = wanted;
    for (let n = 2; this.#taken.has(name); n++) name = `${wanted}_${n}`;
    this.#taken.add(name);
    return name;
  }
}

/** The parts as a key: what keys do not accept becomes `_`. Different parts may make the same key. */
export function keyOf(...parts: readonly string[]): string {
  return parts.map((part) => part.replaceAll(/[^A-Za-z0-9_-]/g, "_") || "_").join(".");
}
