/** Something that happens at an instant of the wall clock. */
export interface Deadline {
  /** When, in milliseconds since the Unix epoch. It MUST NOT change while it is kept. */
  readonly atMs: number;
  /** Where the heap keeps it; the heap sets it. Begins with {@link NOT_KEPT}. */
  heapIndex: number;
}

/** Kept nowhere. */
export const NOT_KEPT = -1;

/** Keeps deadlines so that the earliest is at hand: a binary heap, in which each knows its place, and can be taken out. */
export class DeadlineHeap<D extends Deadline> {
  readonly #heap: D[] = [];

  /** How many are kept. */
  get size(): number {
    return this.#heap.length;
  }

  /** The earliest. */
  get first(): D | undefined {
    return this.#heap[0];
  }

  /** Keeps `deadline`. One that is kept already stays where it is. */
  add(deadline: D): void {
    if (deadline.heapIndex !== NOT_KEPT) return;
    this.#heap.push(deadline);
    this.#rise(deadline, this.#heap.length - 1);
  }

  /** Forgets `deadline`. */
  delete(deadline: D): void {
    const index = deadline.heapIndex;
    if (index === NOT_KEPT) return;
    deadline.heapIndex = NOT_KEPT;
    const last = this.#heap.pop()!;
    if (last === deadline) return;
    this.#rise(last, index);
    if (last.heapIndex === index) this.#sink(last, index);
  }

  #rise(deadline: D, index: number): void {
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (this.#heap[above].atMs <= deadline.atMs) break;
      this.#put(this.#heap[above], index);
      index = above;
    }
    this.#put(deadline, index);
  }

  #sink(deadline: D, index: number): void {
    const { length } = this.#heap;
    for (let below = 2 * index + 1; below < length; below = 2 * index + 1) {
      if (below + 1 < length && this.#heap[below + 1].atMs < this.#heap[below].atMs) below++;
      if (this.#heap[below].atMs >= deadline.atMs) break;
      this.#put(this.#heap[below], index);
      index = below;
    }
    this.#put(deadline, index);
  }

  #put(deadline: D, index: number): void {
    this.#heap[index] = deadline;
    deadline.heapIndex = index;
  }
}
