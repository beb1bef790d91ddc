/**
 * A map by name that most often holds none or one: then it is two fields, since a `Map` for one weighs more than most of
 * what it would hold. Order is that of adding.
 */
export class SmallMap<V> {
  /** The only one, where there is one. */
  #key: string | null = null;
  #value: V | undefined = undefined;
  /** All of them, where there are several. */
  #all: Map<string, V> | null = null;

  /** How many there are. */
  get size(): number {
    return this.#all !== null ? this.#all.size : this.#key === null ? 0 : 1;
  }

  /** What is there under `key`. */
  get(key: string): V | undefined {
    if (this.#all !== null) return this.#all.get(key);
    return this.#key === key ? this.#value : undefined;
  }

  /** Whether something is there under `key`. */
  has(key: string): boolean {
    return this.#all !== null ? this.#all.has(key) : this.#key === key;
  }

  /** Puts `value` there under `key`, in the place of what was. */
  set(key: string, value: V): void {
    if (this.#all !== null) this.#all.set(key, value);
    else if (this.#key === null || this.#key === key) {
      this.#key = key;
      this.#value = value;
    } else {
      this.#all = new Map([[this.#key, this.#value as V], [key, value]]);
      this.#key = null;
      this.#value = undefined;
    }
  }

  /** Takes away what is there under `key`. Whether there was something. */
  delete(key: string): boolean {
    if (this.#all !== null) {
      const wasThere = this.#all.delete(key);
      if (this.#all.size === 0) this.#all = null;
      return wasThere;
    }
    if (this.#key !== key) return false;
    this.#key = null;
    this.#value = undefined;
    return true;
  }

  /** A copy of all keys. */
  keys(): string[] {
    return this.#all !== null ? [...this.#all.keys()] : this.#key === null ? [] : [this.#key];
  }

  /** A copy of all values. */
  values(): V[] {
    return this.#all !== null ? [...this.#all.values()] : this.#key === null ? [] : [this.#value as V];
  }
}
