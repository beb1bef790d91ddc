/**
 * Names one kind of value in {@link Values}, and gives it its type. Two keys are different, whatever their names.
 *
 * @typeParam T What is kept under it.
 */
export class ValueKey<T> {
  /** For people. */
  readonly name: string;
  /** Never there: it holds the type alone. */
  declare protected readonly kept?: T;

  /** Makes a key of its own. */
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * What middleware leaves with a connection for those that come after it, from the upgrade to the close: each finds its
 * own by its key. It weighs next to nothing while it is empty.
 *
 * @example
 * ```ts
 * import { ValueKey, Values } from "@troupe/core";
 * import { assertEquals } from "@std/assert";
 *
 * const TENANT = new ValueKey<{ name: string }>("tenant");
 * const values = new Values();
 * assertEquals(values.get(TENANT), undefined);
 * values.set(TENANT, { name: "acme" });
 * assertEquals(values.get(TENANT)?.name, "acme");
 * ```
 */
export class Values {
  #byKey: Map<unknown, unknown> | null = null;

  /** What was set under `key`; `undefined` for nothing. */
  get<T>(key: ValueKey<T>): T | undefined {
    return this.#byKey?.get(key) as T | undefined;
  }

  /** Keeps `value` under `key`, instead of what was there before. */
  set<T>(key: ValueKey<T>, value: T): void {
    (this.#byKey ??= new Map()).set(key, value);
  }
}
