/**
 * User code that has begun and not ended: handlers, `leave` and `close` hooks whose promise is pending. A shutdown
 * waits for it, up to its deadline.
 */
export class OpenWork {
  #size = 0;
  #waiting: (() => void)[] = [];

  /** How many promises are pending. */
  get size(): number {
    return this.#size;
  }

  /** Counts `work` until it settles, and returns it. What it rejects with is for others to handle. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#size++;
    work.then(this.#settled, this.#settled);
    return work;
  }

  /** Resolves when nothing is pending; at once if nothing is. */
  ended(): Promise<void> {
    if (this.#size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  readonly #settled = (): void => {
    if (--this.#size > 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  };
}
