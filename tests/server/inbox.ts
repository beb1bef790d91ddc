/** What has arrived and not been taken yet, in order. Taking waits for the next to arrive. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #takers: ((item: T) => void)[] = [];

  /** How many were not taken yet. */
  get size(): number {
    return this.#items.length;
  }

  /** Something has arrived. */
  readonly put = (item: T): void => {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#items.push(item);
    else taker(item);
  };

  /** The next one. */
  take(): Promise<T> {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift() as T);
    return new Promise((resolve) => this.#takers.push(resolve));
  }
}
