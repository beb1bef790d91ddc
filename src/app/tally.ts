/** How many there are of each name. Names of which there are none are forgotten. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** How many names there are. */
  get size(): number {
    return this.#counts.size;
  }

  /** How many there are of `name`. */
  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** One more. */
  add(name: string): void {
    this.#counts.set(name, this.of(name) + 1);
  }

  /** One less. */
  remove(name: string): void {
    const count = this.of(name) - 1;
    if (count > 0) this.#counts.set(name, count);
    else this.#counts.delete(name);
  }
}
