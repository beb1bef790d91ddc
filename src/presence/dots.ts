/**
 * A set of whole numbers from 1 on, of which most follow each other: it is kept as ranges. A replica knows by it which
 * events of another it has seen.
 */
export class Dots {
  /** First and last of each range, in order; between two ranges something is missing. */
  #ends: number[];

  /** `ends`: what {@link Dots.ends} of another set gave. */
  constructor(ends: readonly number[] = []) {
    this.#ends = [...ends];
  }

  /** First and last of each range, in order: a copy. */
  get ends(): readonly number[] {
    return [...this.#ends];
  }

  /** How many ranges there are. */
  get rangeCount(): number {
    return this.#ends.length / 2;
  }

  /** How many numbers it holds. */
  get size(): number {
    let size = 0;
    for (let i = 0; i < this.#ends.length; i += 2) size += this.#ends[i + 1] - this.#ends[i] + 1;
    return size;
  }

  /** All numbers, in order. */
  *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < this.#ends.length; i += 2) {
      for (let dot = this.#ends[i]; dot <= this.#ends[i + 1]; dot++) yield dot;
    }
  }

  /** Whether `dot` is in it. */
  has(dot: number): boolean {
    const at = this.#rangeFrom(dot);
    return at < this.#ends.length && this.#ends[at] <= dot;
  }

  /** Whether all of `others` are in it. */
  includes(others: Dots): boolean {
    for (let i = 0; i < others.#ends.length; i += 2) {
      const at = this.#rangeFrom(others.#ends[i]);
      if (at >= this.#ends.length) return false;
      if (this.#ends[at] > others.#ends[i] || this.#ends[at + 1] < others.#ends[i + 1]) return false;
    }
    return true;
  }

  /** Adds one number. */
  add(dot: number): void {
    this.#addRange(dot, dot);
  }

  /** The set of all that are in this one or in `others`. */
  with(others: Dots): Dots {
    const [more, less] = this.rangeCount < others.rangeCount ? [others, this] : [this, others];
    const all = new Dots(more.#ends);
    for (let i = 0; i < less.#ends.length; i += 2) all.#addRange(less.#ends[i], less.#ends[i + 1]);
    return all;
  }

  #addRange(first: number, last: number): void {
    const ends = this.#ends;
    const from = this.#rangeFrom(first - 1); // the first range that it touches, or that comes behind it
    let to = from;
    while (to < ends.length && ends[to] <= last + 1) to += 2;
    if (from === to) {
      ends.splice(from, 0, first, last);
      return;
    }
    const low = Math.min(first, ends[from]);
    const high = Math.max(last, ends[to - 1]);
    if (to - from === 2) {
      ends[from] = low;
      ends[from + 1] = high;
    } else ends.splice(from, to - from, low, high);
  }

  /** Where in the list the first range begins that ends at `dot` or behind it. */
  #rangeFrom(dot: number): number {
    let low = 0;
    let high = this.#ends.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ends[2 * middle + 1] < dot) low = middle + 1;
      else high = middle;
    }
    return 2 * low;
  }
}
