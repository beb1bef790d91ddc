/**
 * A set of objects that most often holds none or one: then it is nothing, or that object itself, since a `Set` for one
 * weighs more than most of what it would hold.
 */
export type Few<T extends object> = T | ReadonlySet<T> | null;

/** `few` with `item`. Order is that of adding. */
export function withItem<T extends object>(few: Few<T>, item: T): Few<T> {
  if (few === null || few === item) return item;
  if (few instanceof Set) return few.add(item);
  return new Set([few as T, item]);
}

/** `few` without `item`. */
export function withoutItem<T extends object>(few: Few<T>, item: T): Few<T> {
  if (few instanceof Set) return few.delete(item) && few.size === 0 ? null : few;
  return few === item ? null : few;
}

/** How many there are. */
export function countOf<T extends object>(few: Few<T>): number {
  if (few instanceof Set) return few.size;
  return few === null ? 0 : 1;
}

/** Copies all of them, the first added first. */
export function itemsOf<T extends object>(few: Few<T>): T[] {
  if (few instanceof Set) return [...few];
  return few === null ? [] : [few as T];
}
